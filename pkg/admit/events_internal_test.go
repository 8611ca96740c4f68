package admit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ledger records the Events that are written.
type ledger struct {
	lock  sync.Mutex
	lines []string
	fail  error
}

func (l *ledger) written() []string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return slices.Clone(l.lines)
}

func (l *ledger) failWith(err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.fail = err
}

func (l *ledger) WarnOwner(_ context.Context, namespace string, owner metav1.OwnerReference, reason, message string) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.fail != nil {
		return l.fail
	}
	l.lines = append(l.lines, fmt.Sprintf("%s/%s %s: %s", namespace, owner.Name, reason, message))
	return nil
}

func owner(name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name, UID: types.UID("uid of " + name)}
}

// writing runs Events in a time of its own for as long as a test needs.
func writing(t *testing.T, test func(*Events, *ledger, *prometheus.Registry)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, registry := &ledger{}, prometheus.NewRegistry()
		e := NewEvents(l, registry, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Start(ctx) }()
		test(e, l, registry)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func after(wait time.Duration) {
	time.Sleep(wait)
	synctest.Wait()
}

func counted(t *testing.T, registry *prometheus.Registry, outcome string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, series := range family.GetMetric() {
			if series.GetLabel()[0].GetValue() == outcome {
				return series.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestAnEventIsToldOnceInAWhile(t *testing.T) {
	writing(t, func(e *Events, l *ledger, registry *prometheus.Registry) {
		for range 100 {
			e.Tell("a", owner("x"), "host-network", "no")
		}
		e.Tell("a", owner("x"), "windows", "no")
		e.Tell("a", owner("y"), "host-network", "no")
		after(time.Second)
		want := []string{"a/x host-network: no", "a/x windows: no", "a/y host-network: no"}
		if !slices.Equal(l.written(), want) {
			t.Errorf("written %q, want %q", l.written(), want)
		}
		after(sameEvent)
		e.Tell("a", owner("x"), "host-network", "no")
		after(time.Second)
		if len(l.written()) != 4 {
			t.Errorf("written %q, want the first once more", l.written())
		}
		if got := counted(t, registry, "written"); got != 4 {
			t.Errorf("%v are counted as written", got)
		}
	})
}

// Telling never waits, and what is too much is left out and counted.
func TestEventsAreBounded(t *testing.T) {
	writing(t, func(e *Events, l *ledger, registry *prometheus.Registry) {
		for i := range 2 * mostEvents {
			e.Tell("a", owner(fmt.Sprint(i)), "host-network", "no")
		}
		after(betweenEvents)
		if len(l.written()) > 2 {
			t.Errorf("%d are written at once", len(l.written()))
		}
		after(mostEvents * betweenEvents)
		if written, left := float64(len(l.written())), counted(t, registry, "left-out"); written < mostEvents || written+left != 2*mostEvents {
			t.Errorf("%v are written and %v left out, of %d", written, left, 2*mostEvents)
		}
		e.Tell("a", owner(fmt.Sprint(2*mostEvents-1)), "host-network", "no")
		after(time.Second)
		if all := l.written(); !strings.HasPrefix(all[len(all)-1], fmt.Sprintf("a/%d ", 2*mostEvents-1)) {
			t.Error("what was left out is not told the next time")
		}
		for i := range 3 * mostTold {
			e.isNew(eventKey{"a", types.UID(fmt.Sprint(i)), "host-network"})
		}
		if len(e.told) > mostTold {
			t.Errorf("%d are remembered", len(e.told))
		}
	})
}

func TestAnEventThatFailedIsToldTheNextTime(t *testing.T) {
	writing(t, func(e *Events, l *ledger, registry *prometheus.Registry) {
		l.failWith(errors.New("no"))
		e.Tell("a", owner("x"), "host-network", "no")
		after(time.Second)
		l.failWith(nil)
		e.Tell("a", owner("x"), "host-network", "no")
		after(time.Second)
		if len(l.written()) != 1 || counted(t, registry, "failed") != 1 {
			t.Errorf("written %q, %v failed", l.written(), counted(t, registry, "failed"))
		}
	})
}

// The reference to an owner is what somebody wrote: it need not be of any use.
func TestAnEventIsShort(t *testing.T) {
	writing(t, func(e *Events, l *ledger, registry *prometheus.Registry) {
		e.Tell("a", owner("x"), "cannot-inject", strings.Repeat("é", longestMessage))
		e.Tell("a", owner(strings.Repeat("x", longestMessage)), "cannot-inject", "no")
		after(time.Second)
		if len(l.written()) != 1 || len(l.written()[0]) > longestMessage || counted(t, registry, "left-out") != 1 {
			t.Errorf("written %q, %v left out", l.written(), counted(t, registry, "left-out"))
		}
	})
}
