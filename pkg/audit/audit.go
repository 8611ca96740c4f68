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
	"github.com/meshward/meshward/pkg/validate/rule"
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

// calm is how long to wait after judging a change before the next is taken up: what comes
// in a burst, as a delivery of many objects does, is judged together.
const calm = 500 * time.Millisecond

// Decide gives findings the severity that somebody made of them, and leaves out what they
// turned off.
type Decide func(in *mesh.Snapshot, found []rule.Finding) []rule.Finding

// Options are what an audit works with.
type Options struct {
	Engine   *validate.Engine
	Decide   Decide
	Source   Source
	Recorder Recorder
	// Interval is how often everything is judged anew, whether or not anything changed:
	// what is decided of findings may have.
	Interval time.Duration
	Metrics  *Metrics
	Log      *slog.Logger
}

// Audit judges a source. It is a controller-runtime Runnable.
type Audit struct {
	Options

	clock clock.WithTicker

	lock    sync.Mutex
	ledger  *Ledger
	notices notices
}

// New prepares an audit that starts with Start.
func New(with Options) *Audit {
	return &Audit{Options: with, clock: clock.RealClock{}, ledger: NewLedger(with.Engine, with.Decide)}
}

// NeedLeaderElection is false: every replica counts, and it is for the recorder
// that nothing is told once per replica.
func (a *Audit) NeedLeaderElection() bool { return false }

// Start judges until ctx is done.
func (a *Audit) Start(ctx context.Context) error {
	var working sync.WaitGroup
	working.Go(func() { a.judge(ctx) })
	working.Go(func() { a.every(ctx, a.Interval, a.again) })
	// One Event at a time, so that what breaks many objects at once does not flood the API
	// server as well.
	working.Go(func() { a.every(ctx, betweenEvents, func(now time.Time) { a.tellNext(ctx, now) }) })
	working.Wait()
	return nil
}

func (a *Audit) judge(ctx context.Context) {
	for {
		now, changed, err := a.Source.Next(ctx)
		if err != nil {
			return
		}
		a.advance(now, changed)
		rest := a.clock.NewTimer(calm)
		select {
		case <-ctx.Done():
		case <-rest.C():
		}
		rest.Stop()
	}
}

// every does something from time to time until ctx is done.
func (a *Audit) every(ctx context.Context, interval time.Duration, do func(now time.Time)) {
	tick := a.clock.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C():
			do(a.clock.Now())
		}
	}
}

func (a *Audit) advance(now *mesh.Snapshot, changed []mesh.Ref) {
	a.lock.Lock()
	defer a.lock.Unlock()
	most := mostNotices
	if !a.ledger.Started() {
		most = mostAtStart
	}
	started := a.clock.Now()
	a.note(a.ledger.Advance(now, changed), most)
	a.Metrics.show(a.ledger, passOfChange, started, a.clock.Now())
}

// again judges everything anew.
func (a *Audit) again(started time.Time) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if !a.ledger.Started() {
		return
	}
	a.note(a.ledger.Again(), mostNotices)
	a.Metrics.show(a.ledger, passOfAll, started, a.clock.Now())
}

// note has errors told that appeared, as long as no more than so many wait.
func (a *Audit) note(appeared []rule.Finding, most int) {
	if left := a.notices.add(appeared, a.clock.Now(), most); left > 0 {
		a.Metrics.events.WithLabelValues("left-out").Add(float64(left))
		a.Log.Warn("more errors than Events are written for; the metric meshward_findings counts them all", "without", left)
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
	err := a.Recorder.Warn(ctx, next.object, next.rule, next.message())
	if err == nil {
		a.Metrics.events.WithLabelValues("written").Inc()
		return
	}
	a.Metrics.events.WithLabelValues("failed").Inc()
	a.Log.Warn("an Event could not be written; it is tried again", "object", next.object.String(), "rule", next.rule, "error", err)
	a.lock.Lock()
	defer a.lock.Unlock()
	a.notices.putBack(next, now)
}
