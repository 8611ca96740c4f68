package feed

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// stalled answers for an API server whose storage does not answer.
type stalled struct {
	client.WithWatch
	memory shelf
	deaf   bool // it has no memory either
}

func (s *stalled) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(options)
	if s.deaf || asked.Raw == nil || asked.Raw.ResourceVersion != "0" {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.memory.List(ctx, into, options...)
}

func TestFreshWhileStorageIsStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &stalled{memory: shelf{objects: map[string][]map[string]any{"Service": {service("good", nil)}}}}
		f := newFeed(api, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		snapshot, err := f.Fresh(ctx, []string{"a"})
		if err != nil {
			t.Fatal(err)
		}
		if snapshot.Get(mesh.Ref{Kind: mesh.KindService, Namespace: "a", Name: "good"}) == nil {
			t.Error("what the API server remembers is not there")
		}
		api.deaf = true
		if _, err := f.Fresh(ctx, []string{"a"}); err == nil || ctx.Err() == nil {
			t.Errorf("nobody answered, and the error is %v", err)
		}
	})
}
