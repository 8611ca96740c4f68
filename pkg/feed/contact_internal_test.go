package feed

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// TestStale follows two kinds through an outage: the mesh is as old as the first of them
// to fail, until that one is watched again.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContact(slog.New(slog.DiscardHandler))
		for _, step := range []struct {
			kind mesh.Kind
			err  error
			want time.Duration // a minute later
		}{
			{mesh.KindService, nil, 0},
			{mesh.KindVirtualService, apierrors.NewNotFound(schema.GroupResource{}, ""), 0},
			{mesh.KindService, errors.New("away"), time.Minute},
			{mesh.KindVirtualService, errors.New("away"), 2 * time.Minute},
			{mesh.KindService, errors.New("still away"), 3 * time.Minute},
			{mesh.KindService, nil, 3 * time.Minute},
			{mesh.KindVirtualService, nil, 0},
		} {
			c.note(step.kind, step.err)
			time.Sleep(time.Minute)
			if got := c.stale(); got != step.want {
				t.Errorf("%s %v: stale for %s, want %s", step.kind, step.err, got, step.want)
			}
		}
	})
}

// TestReadySaysWhy names what is not read yet, and the reason that the API server gave.
func TestReadySaysWhy(t *testing.T) {
	f := newFeed(nil, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
	first := f.stores[0].kind
	f.contact.note(first, errors.New("it is forbidden"))
	if err := f.Ready(); err == nil || !strings.HasPrefix(err.Error(), "not read yet: "+string(first)+", ") || !strings.HasSuffix(err.Error(), ": it is forbidden") {
		t.Errorf("not ready: %v", err)
	}
}
