// Package lead has one replica do what only one may do, while all of them serve.
//
// It knows how replicas agree on who leads. It must not know what the leader does. Losing
// the lead ends the leader's tasks and nothing else: the process goes on serving, and
// stands for the lead again.
package lead

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// terms are the times of an election, those that Kubernetes' own controllers use: a leader
// that is gone is followed within about fifteen seconds, and one that cannot reach the API
// server stops before another begins.
type terms struct{ lease, renew, retry time.Duration }

var usual = terms{lease: 15 * time.Second, renew: 10 * time.Second, retry: 2 * time.Second}

// A Task is work for the leader. It goes on until its context is done, and then returns
// soon.
type Task func(context.Context)

// A Leader stands for the lead in the name of one replica. It is a controller-runtime
// Runnable.
type Leader struct {
	lock    resourcelock.Interface
	terms   terms
	tasks   []Task
	working sync.Mutex // held while the tasks are done
	leading atomic.Bool
	log     *slog.Logger
}

// New prepares to stand for the lead, which the Lease of that name grants. The identity
// tells replicas apart.
func New(leases coordination.LeasesGetter, namespace, name, identity string, log *slog.Logger) *Leader {
	return &Leader{
		lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: name},
			Client:     leases,
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		},
		terms: usual,
		log:   log,
	}
}

// Add gives the leader one more task. It must be called before Start.
func (l *Leader) Add(task Task) { l.tasks = append(l.tasks, task) }

// Leading returns whether this replica leads.
func (l *Leader) Leading() bool { return l.leading.Load() }

// NeedLeaderElection is false: to stand for the lead needs none.
func (l *Leader) NeedLeaderElection() bool { return false }

// Start stands for the lead until ctx is done, again after each time that it is lost. The
// tasks have ended when it returns.
func (l *Leader) Start(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, l.terms.retry, true, func(ctx context.Context) (bool, error) {
		return false, l.stand(ctx)
	})
	l.working.Lock()
	defer l.working.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// stand waits for the lead, has the tasks done, and returns when the lead is lost or given
// up because ctx is done. It is given up only when the tasks have ended, so that the next
// leader has the work to itself.
func (l *Leader) stand(ctx context.Context) error {
	elected, resign := context.WithCancel(context.WithoutCancel(ctx))
	defer resign()
	defer context.AfterFunc(ctx, func() {
		l.working.Lock()
		defer l.working.Unlock()
		resign()
	})()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            l.lock,
		LeaseDuration:   l.terms.lease,
		RenewDeadline:   l.terms.renew,
		RetryPeriod:     l.terms.retry,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(lead context.Context) { l.work(ctx, lead) },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("no election of a leader: %w", err)
	}
	elector.Run(elected)
	return nil
}

// work does the tasks until the lead is lost or ctx is done. It may be called after that,
// since the election calls it on its own time.
func (l *Leader) work(ctx, lead context.Context) {
	l.working.Lock()
	defer l.working.Unlock()
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(lead, end)()
	if lead.Err() != nil || ctx.Err() != nil {
		return
	}
	l.leading.Store(true)
	defer l.leading.Store(false)
	l.log.Info("leading", "lease", l.lock.Describe(), "as", l.lock.Identity())
	defer l.log.Info("leading no more", "lease", l.lock.Describe())
	var tasks sync.WaitGroup
	for _, task := range l.tasks {
		tasks.Go(func() { task(ctx) })
	}
	<-ctx.Done()
	tasks.Wait()
}
