package feed

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// slow answers for an API server that takes a while for a list, and lists services as they
// are when it is asked.
type slow struct {
	client.WithWatch
	takes time.Duration
	asked atomic.Int64

	mu       sync.Mutex
	services []map[string]any
}

func (s *slow) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	s.asked.Add(1)
	s.mu.Lock()
	stored := shelf{objects: map[string][]map[string]any{"Service": slices.Clone(s.services)}}
	s.mu.Unlock()
	time.Sleep(s.takes)
	return stored.List(ctx, into, options...)
}

func (s *slow) store(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.services = append(s.services, service(name, nil))
}

func slowFeed(takes time.Duration) (*slow, *Feed) {
	api := &slow{takes: takes}
	return api, newFeed(api, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
}

func holdsService(in *mesh.Snapshot, name string) bool {
	return in.Get(mesh.Ref{Kind: mesh.KindService, Namespace: "a", Name: name}) != nil
}

// TestFreshSeesWhatWasStoredBefore: a read that was running already when somebody asked
// would not hold what was stored in between.
func TestFreshSeesWhatWasStoredBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, f := slowFeed(10 * time.Millisecond)
		var asking sync.WaitGroup
		for i := range 300 {
			time.Sleep(time.Duration(i%7) * time.Millisecond)
			name := "s" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			api.store(name)
			asking.Go(func() {
				fresh, err := f.Fresh(t.Context(), []string{"a"})
				if err != nil || !holdsService(fresh, name) {
					t.Errorf("%s was stored before it was asked for, and is not there: %v", name, err)
				}
			})
		}
		asking.Wait()
		settle()
	})
}

// TestFreshIsShared: what the API server is asked for does not grow with who asks.
func TestFreshIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, f := slowFeed(time.Millisecond)
		started := time.Now()
		var asking sync.WaitGroup
		for range 100 {
			for range 10 {
				asking.Go(func() {
					if _, err := f.Fresh(t.Context(), []string{"a"}); err != nil {
						t.Error(err)
					}
				})
			}
			time.Sleep(10 * time.Millisecond)
		}
		asking.Wait()
		reads := int64(time.Since(started)/apart) + 2
		if asked, most := api.asked.Load(), reads*int64(len(sources)); asked > most {
			t.Errorf("the API server was asked for %d lists in %s, more than %d", asked, time.Since(started), most)
		}
		settle()
		f.reads.mu.Lock()
		defer f.reads.mu.Unlock()
		if kept := len(f.reads.next); kept != 0 {
			t.Errorf("%d scopes are still kept", kept)
		}
	})
}

// TestFreshOfOneIsAtOnce: a denial by itself waits for nothing but its own read.
func TestFreshOfOneIsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, f := slowFeed(time.Millisecond)
		for range 3 {
			started := time.Now()
			if _, err := f.Fresh(t.Context(), []string{"a"}); err != nil {
				t.Fatal(err)
			}
			if took, most := time.Since(started), time.Millisecond; took > most {
				t.Errorf("took %s, more than %s", took, most)
			}
			settle()
		}
	})
}

// TestFreshIsGivenUp: a read that nobody waits for any more does not go on, and does not
// stand in the way of whoever asks next.
func TestFreshIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &stalled{deaf: true}
		f := newFeed(api, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		var asking sync.WaitGroup
		for _, patience := range []context.Context{ctx, done(t)} {
			asking.Go(func() {
				if _, err := f.Fresh(patience, []string{"a"}); err == nil {
					t.Error("nobody answered, and there is no error")
				}
			})
		}
		time.Sleep(time.Minute)
		if api.open.Load() == 0 {
			t.Error("the read ended with who waited for it no longer, though somebody else does")
		}
		cancel()
		asking.Wait()
		settle()
		if open := api.open.Load(); open > 0 {
			t.Errorf("%d reads go on that nobody waits for", open)
		}
	})
}

// TestFreshReadsFewLists: what is few is read whole, by all who ask.
func TestFreshReadsFewLists(t *testing.T) {
	_, f := slowFeed(0)
	storeOf(f, mesh.KindService).objects.Store(fewObjects + 1)
	for name, c := range map[string]struct {
		asked, want []string
	}{
		"one":  {[]string{"a"}, []string{"a"}},
		"two":  {[]string{"a", "b"}, []string{"a", "b"}},
		"all":  {[]string{"", "b"}, []string{""}},
		"many": {strings.Split(strings.Repeat("a", mostNamespaces+1), ""), []string{""}},
	} {
		var services []string
		for _, of := range f.scopes(c.asked, false) {
			switch {
			case of.kind == mesh.KindService:
				services = append(services, of.namespace)
			case of.namespace != "":
				t.Errorf("%s: %s, of which there are few, is read of a single namespace", name, of.kind)
			}
		}
		if !slices.Equal(services, c.want) {
			t.Errorf("%s: services of %q are read, not of %q", name, services, c.want)
		}
	}
}
