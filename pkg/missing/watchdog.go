// Package missing looks for pods that should have a sidecar and have none: those older
// than their namespace's label, and those that started while nobody injected.
//
// It knows which pods the API server would send to an injector now, and what a cluster
// says of those it has. It must not know how a pod is injected, and keeps no pods: a pass
// reads metadata page by page, and of few pods more than that. Nothing of it is on the
// path of a request.
package missing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
)

const (
	// pace is the time between two questions to the API server, which has better to do.
	pace = 50 * time.Millisecond
	// askedWithin bounds each of them.
	askedWithin = 30 * time.Second
	// jitter is the part of the interval by which passes spread, so that replicas that
	// start together do not ask together.
	jitter = 0.2
)

// A Teller has an Event of an object written.
type Teller interface {
	Tell(namespace string, object metav1.OwnerReference, reason, message string)
}

// A Watchdog looks for pods without a sidecar from time to time. It is a
// controller-runtime Runnable.
type Watchdog struct {
	options  Options
	client   client.Client
	injector func() *mutate.Injector
	events   Teller
	metrics  metrics
	log      *slog.Logger
	clock    clock.Clock

	evictedOf map[types.UID]int // how many pods of a controller were
	last      time.Time         // of an eviction
}

// New prepares a watchdog, and registers its metrics; it panics where they are registered
// already. The injector is the one whose pods are looked for, nil before there is one.
// Where events is nil, nobody is told.
func New(cluster *rest.Config, options Options, injector func() *mutate.Injector, events Teller, registry prometheus.Registerer, log *slog.Logger) (*Watchdog, error) {
	reader, err := client.New(cluster, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("no client for %s: %w", cluster.Host, err)
	}
	return newWatchdog(reader, options, injector, events, registry, log), nil
}

func newWatchdog(reader client.Client, options Options, injector func() *mutate.Injector, events Teller, registry prometheus.Registerer, log *slog.Logger) *Watchdog {
	return &Watchdog{
		options:   options,
		client:    reader,
		injector:  injector,
		events:    events,
		metrics:   newMetrics(registry),
		log:       log,
		clock:     clock.RealClock{},
		evictedOf: make(map[types.UID]int),
	}
}

// NeedLeaderElection is false: there is no leader, and whoever loses a lease would end the
// process, with the webhooks in it.
func (w *Watchdog) NeedLeaderElection() bool { return false }

// Start makes one pass after the other until ctx is done.
func (w *Watchdog) Start(ctx context.Context) error {
	next := wait.Jitter(w.options.Interval/2, 1)
	for w.sleep(ctx, next) {
		if err := w.pass(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("pods without a sidecar were not looked for; the next pass tries again", "error", err)
		}
		next = wait.Jitter(w.options.Interval, jitter)
	}
	return nil
}

// pass looks through the cluster once, says what it found and evicts what it may.
func (w *Watchdog) pass(ctx context.Context) error {
	p := newPass(w)
	if err := p.look(ctx); err != nil {
		return err
	}
	w.metrics.show(p.counts)
	if p.unread > 0 {
		w.log.Warn("too many pods may be without a sidecar to look at each; the rest is counted by metadata", "pods", p.unread)
	}
	for _, g := range p.found {
		if w.events != nil && w.sleep(ctx, pace) {
			w.events.Tell(g.namespace, g.about, reason, g.message())
		}
	}
	if w.options.Mode == ModeEvict {
		p.forget()
		p.evict(ctx)
	}
	return nil
}

// sleep returns false where ctx was done first.
func (w *Watchdog) sleep(ctx context.Context, d time.Duration) bool {
	timer := w.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C():
		return true
	}
}
