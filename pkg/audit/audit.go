// Package audit judges what is stored, all the time: it keeps every finding of
// the mesh, counts them, and tells of new errors. It finds what admission could
// not: two changes that were admitted at once, or whatever was stored while
// nobody was asked.
//
// It knows the engine and snapshots. It must not know which rules there are,
// admission, or how snapshots are kept and Events are written.
package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Source is the stored configuration as it changes.
type Source interface {
	// Next waits for a change and returns the snapshot with the objects that
	// changed since the last call, all of them at the first. It returns an error
	// when ctx is done.
	Next(ctx context.Context) (*mesh.Snapshot, []mesh.Ref, error)
}

// Recorder tells the owners of an object what is wrong with it. Told twice within
// a short time, by whatever replica, it is told once.
type Recorder interface {
	Warn(ctx context.Context, object mesh.Ref, reason, message string) error
}

// Audit judges a source. It is a controller-runtime Runnable.
type Audit struct {
	source   Source
	recorder Recorder
	metrics  *Metrics
	log      *slog.Logger
	clock    clock.WithTicker

	lock    sync.Mutex
	ledger  *Ledger
	notices notices
}

// New prepares an audit that starts with Start.
func New(engine *validate.Engine, source Source, recorder Recorder, metrics *Metrics, log *slog.Logger) *Audit {
	return &Audit{source: source, recorder: recorder, metrics: metrics, log: log, clock: clock.RealClock{}, ledger: NewLedger(engine)}
}

// NeedLeaderElection is false: every replica counts, and it is for the recorder
// that nothing is told once per replica.
func (a *Audit) NeedLeaderElection() bool { return false }

// Start judges until ctx is done.
func (a *Audit) Start(ctx context.Context) error {
	var working sync.WaitGroup
	working.Go(func() { a.judge(ctx) })
	working.Go(func() { a.tell(ctx) })
	working.Wait()
	return nil
}

func (a *Audit) judge(ctx context.Context) {
	for {
		now, changed, err := a.source.Next(ctx)
		if err != nil {
			return
		}
		a.advance(now, changed)
	}
}

func (a *Audit) advance(now *mesh.Snapshot, changed []mesh.Ref) {
	a.lock.Lock()
	defer a.lock.Unlock()
	most := mostNotices
	if !a.ledger.Started() {
		most = mostAtStart
	}
	appeared := a.ledger.Advance(now, changed)
	if left := a.notices.add(appeared, a.clock.Now(), most); left > 0 {
		a.metrics.events.WithLabelValues("left-out").Add(float64(left))
		a.log.Warn("more errors than Events are written for; the metric meshward_findings counts them all", "without", left)
	}
	a.metrics.show(a.ledger)
}

// tell writes one Event at a time, so that what breaks many objects at once does
// not flood the API server as well.
func (a *Audit) tell(ctx context.Context) {
	tick := a.clock.NewTicker(betweenEvents)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C():
			a.tellNext(ctx, a.clock.Now())
		}
	}
}

// tellWithin bounds how long writing one Event may take.
const tellWithin = 10 * time.Second

func (a *Audit) tellNext(ctx context.Context, now time.Time) {
	a.lock.Lock()
	next := a.notices.next(now, a.ledger.Stands)
	a.lock.Unlock()
	if next == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	err := a.recorder.Warn(ctx, next.object, next.rule, next.message())
	if err == nil {
		a.metrics.events.WithLabelValues("written").Inc()
		return
	}
	a.metrics.events.WithLabelValues("failed").Inc()
	a.log.Warn("an Event could not be written; it is tried again", "object", next.object.String(), "rule", next.rule, "error", err)
	a.lock.Lock()
	defer a.lock.Unlock()
	a.notices.putBack(next, now)
}
