package admit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

const (
	// mostEvents bounds how many Events wait to be written, and betweenEvents how fast
	// they are.
	mostEvents    = 256
	betweenEvents = 50 * time.Millisecond
	// sameEvent is for how long an Event is not told again. A Deployment has its pods
	// told of once, and one that fails is tried again and again.
	sameEvent = 10 * time.Minute
	// mostTold bounds how many Events are remembered as told.
	mostTold = 4096
	// longestMessage is less than the kibibyte that an Event's message may have.
	longestMessage = 1000
	// writtenWithin bounds how long writing one Event may take.
	writtenWithin = 10 * time.Second
)

// Recorder writes a warning Event of an object, or counts up the one that is there.
type Recorder interface {
	WarnOwner(ctx context.Context, namespace string, owner metav1.OwnerReference, reason, message string) error
}

// Events tells the controllers of pods by Events, one at a time. It is a Teller, and a
// controller-runtime Runnable.
type Events struct {
	recorder Recorder
	outcomes *prometheus.CounterVec
	log      *slog.Logger
	clock    clock.WithTicker
	waiting  chan event

	lock sync.Mutex
	told map[eventKey]time.Time
}

type event struct {
	eventKey

	object  metav1.OwnerReference
	message string
}

// eventKey is what makes two Events the same.
type eventKey struct {
	namespace string
	object    types.UID
	reason    string
}

// NewEvents prepares Events that are written once it is started, and registers their
// metric. It panics where that is registered already.
func NewEvents(recorder Recorder, registry prometheus.Registerer, log *slog.Logger) *Events {
	outcomes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meshward_injection_events_total",
		Help: "Events about pods without a sidecar, by outcome: written, failed or left-out.",
	}, []string{"outcome"})
	registry.MustRegister(outcomes)
	return &Events{
		recorder: recorder,
		outcomes: outcomes,
		log:      log,
		clock:    clock.RealClock{},
		waiting:  make(chan event, mostEvents),
		told:     make(map[eventKey]time.Time),
	}
}

// Tell has an Event of an object written, unless it was told a short while ago or too many
// wait already. It returns at once.
func (e *Events) Tell(namespace string, object metav1.OwnerReference, reason, message string) {
	if len(object.APIVersion)+len(object.Kind)+len(object.Name)+len(object.UID) > longestMessage {
		e.outcomes.WithLabelValues("left-out").Inc() // no object is called that, and it would be kept
		return
	}
	next := event{eventKey{namespace, object.UID, reason}, object, shortEnough(message)}
	if !e.isNew(next.eventKey) {
		return
	}
	select {
	case e.waiting <- next:
	default:
		e.outcomes.WithLabelValues("left-out").Inc()
		e.forget(next.eventKey)
	}
}

// isNew reports whether an Event was not told lately, and remembers that it is now. What is
// forgotten too early is told twice, and counted up in the API server.
func (e *Events) isNew(key eventKey) bool {
	now := e.clock.Now()
	e.lock.Lock()
	defer e.lock.Unlock()
	if last, known := e.told[key]; known && now.Sub(last) < sameEvent {
		return false
	}
	if len(e.told) >= mostTold {
		clear(e.told)
	}
	e.told[key] = now
	return true
}

// forget lets the next pod tell an Event that was not written.
func (e *Events) forget(key eventKey) {
	e.lock.Lock()
	defer e.lock.Unlock()
	delete(e.told, key)
}

// NeedLeaderElection is false: every replica reviews pods.
func (e *Events) NeedLeaderElection() bool { return false }

// Start writes Events until ctx is done.
func (e *Events) Start(ctx context.Context) error {
	pace := e.clock.NewTicker(betweenEvents)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pace.C():
		}
		select {
		case <-ctx.Done():
			return nil
		case next := <-e.waiting:
			e.write(ctx, next)
		}
	}
}

func (e *Events) write(ctx context.Context, next event) {
	ctx, cancel := context.WithTimeout(ctx, writtenWithin)
	defer cancel()
	err := e.recorder.WarnOwner(ctx, next.namespace, next.object, next.reason, next.message)
	if err == nil {
		e.outcomes.WithLabelValues("written").Inc()
		return
	}
	e.outcomes.WithLabelValues("failed").Inc()
	e.log.Warn("an Event could not be written; the next such pod tries again", "kind", next.object.Kind,
		"namespace", next.namespace, "name", next.object.Name, "reason", next.reason, "error", err)
	e.forget(next.eventKey)
}

func shortEnough(message string) string {
	if len(message) <= longestMessage {
		return message
	}
	return string([]rune(message)[:longestMessage/4]) + "…" // a rune has four bytes at most
}
