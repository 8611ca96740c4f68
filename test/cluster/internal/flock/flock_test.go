package flock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meshward/meshward/test/cluster/internal/flock"
)

func TestOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := flock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flock.Try(path); !errors.Is(err, flock.ErrHeld) {
		t.Errorf("while it is held: got error %v, want ErrHeld", err)
	}
	lock.Close()
	again, err := flock.Try(path)
	if err != nil {
		t.Fatalf("after it was let go: %v", err)
	}
	again.Close()
}

// Every holder removes the file before it lets go, and whoever opened it before
// that must not take it for the lock.
func TestOneHolderOfARemovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var holders atomic.Int32
	hold := func() {
		lock, err := flock.Try(path)
		if errors.Is(err, flock.ErrHeld) || errors.Is(err, os.ErrNotExist) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer lock.Close()
		if n := holders.Add(1); n > 1 {
			t.Errorf("%d hold the lock", n)
		}
		runtime.Gosched()
		holders.Add(-1)
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				hold()
			}
		})
	}
	all.Wait()
}

func TestWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := flock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err := flock.Wait(ctx, path); !errors.Is(err, enough) {
		t.Errorf("got error %v, want the cause of the cancellation", err)
	}

	lock.Close()
	next, err := flock.Wait(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	next.Close()
}
