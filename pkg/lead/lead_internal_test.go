package lead

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// quick are terms that a test can wait for, and that a busy machine keeps.
var quick = terms{lease: 3 * time.Second, renew: time.Second, retry: 20 * time.Millisecond}

// store keeps one record for several replicas, and can be out of reach.
type store struct {
	mu     sync.Mutex
	record *resourcelock.LeaderElectionRecord
	down   bool
}

func (s *store) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// lock is the store as one replica sees it.
type lock struct {
	*store
	identity string
}

func (l lock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, nil, errors.New("out of reach")
	}
	if l.record == nil {
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{}, "lease")
	}
	record := *l.record
	return &record, []byte(record.HolderIdentity + record.RenewTime.String()), nil
}

func (l lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}

func (l lock) Update(_ context.Context, record resourcelock.LeaderElectionRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return errors.New("out of reach")
	}
	l.record = &record
	return nil
}

func (lock) RecordEvent(string) {}

func (l lock) Identity() string { return l.identity }

func (lock) Describe() string { return "lease" }

// replica runs a leader whose task says when it begins and ends.
func replica(t *testing.T, s *store, identity string, working *sync.Mutex) (begun, ended chan string, stop func()) {
	t.Helper()
	l := &Leader{lock: lock{s, identity}, terms: quick, log: slog.New(slog.DiscardHandler)}
	begun, ended = make(chan string, 10), make(chan string, 10)
	l.Add(func(ctx context.Context) {
		if !working.TryLock() {
			t.Errorf("%s works while another does", identity)
			return
		}
		defer working.Unlock()
		if !l.Leading() {
			t.Errorf("%s works and does not lead", identity)
		}
		begun <- identity
		<-ctx.Done()
		ended <- identity
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Start(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s ended: %v", identity, err)
		}
	})
	t.Cleanup(stop)
	return begun, ended, stop
}

func TestOneLeadsAndTheNextTakesOver(t *testing.T) {
	var s store
	var working sync.Mutex
	first, firstEnded, stop := replica(t, &s, "first", &working)
	<-first
	second, _, _ := replica(t, &s, "second", &working)
	stop()
	<-firstEnded
	<-second
}

func TestALeadThatIsLostIsStoodForAgain(t *testing.T) {
	var s store
	var working sync.Mutex
	begun, ended, _ := replica(t, &s, "only", &working)
	<-begun
	s.set(true)
	<-ended // the replica itself goes on
	s.set(false)
	<-begun
}
