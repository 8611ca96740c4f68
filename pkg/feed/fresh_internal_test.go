package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// stalled answers for an API server whose storage does not answer, or with an error.
type stalled struct {
	client.WithWatch
	memory shelf
	with   error
	deaf   bool         // it has no memory either
	open   atomic.Int64 // lists that wait for an answer
}

func (s *stalled) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(options)
	switch {
	case !s.deaf && asked.Raw != nil && asked.Raw.ResourceVersion == "0":
		return s.memory.List(ctx, into, options...)
	case s.with != nil:
		return s.with
	}
	s.open.Add(1)
	defer s.open.Add(-1)
	<-ctx.Done()
	return ctx.Err()
}

func TestFreshWhileStorageIsStalled(t *testing.T) {
	failed := apierrors.NewInternalError(errors.New("etcdserver: leader changed"))
	for name, c := range map[string]struct {
		api   *stalled
		known bool
	}{
		"remembering":          {&stalled{}, true},
		"failing, remembering": {&stalled{with: failed}, true},
		"deaf":                 {&stalled{deaf: true}, false},
		"failing":              {&stalled{deaf: true, with: failed}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := c.api
				api.memory = shelf{objects: map[string][]map[string]any{"Service": {service("good", nil)}}}
				f := newFeed(api, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				snapshot, err := f.Fresh(ctx, []string{"a"})
				if known := err == nil && holdsService(snapshot, "good"); known != c.known {
					t.Errorf("it is %v that what the API server remembers is known: %v", known, err)
				}
				settle()
			})
		})
	}
}

// settle waits until no live read is running or about to.
func settle() { time.Sleep(2 * apart) }

// refusing answers as an API server that takes no call, or does not want to answer.
type refusing struct {
	client.WithWatch
	with error
}

func (r *refusing) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return r.with
}

// TestFreshWhileNobodyAnswers: what watches have brought counts for a moment, where the API
// server is away, and never where it has an answer that is no.
func TestFreshWhileNobodyAnswers(t *testing.T) {
	away := errors.New("connection refused")
	for name, c := range map[string]struct {
		with  error
		stale time.Duration
		want  bool
	}{
		"watched":    {away, 0, true},
		"moments":    {away, 5 * time.Second, true},
		"long":       {away, 15 * time.Second, false},
		"busy":       {apierrors.NewTooManyRequests("busy", 1), 0, true},
		"unready":    {apierrors.NewServiceUnavailable("starting"), 0, true},
		"forbidden":  {apierrors.NewForbidden(schema.GroupResource{}, "", nil), 0, false},
		"no storage": {apierrors.NewInternalError(errors.New("etcd")), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFeed(&refusing{with: c.with}, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
				if c.stale > 0 {
					f.contact.note(mesh.KindService, away)
					time.Sleep(c.stale)
				}
				snapshot, err := f.Fresh(t.Context(), []string{"a"})
				if (err == nil) != c.want || (snapshot == f.Snapshot()) != c.want {
					t.Errorf("%v", err)
				}
				settle()
			})
		})
	}
}
