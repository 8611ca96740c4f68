package missing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The outcomes of an eviction that was due.
const (
	evicted  = "evicted"
	budget   = "budget"    // a PodDisruptionBudget holds the pod
	notReady = "not-ready" // the youngest pod with a sidecar is not ready, so that another may not be either
	inVain   = "in-vain"   // an earlier eviction brought no sidecar
	settled  = "settled"   // the pod is gone, needs no sidecar any more, or must not be moved
	failed   = "failed"
)

// outcomes are all of them.
var outcomes = []string{evicted, budget, notReady, inVain, settled, failed}

// forget forgets the evictions of controllers that have no pod without a sidecar any more.
func (p *pass) forget() {
	if p.unread > 0 {
		return
	}
	stay := make(map[types.UID]bool)
	for _, g := range p.found {
		stay[g.about.UID] = true
	}
	maps.DeleteFunc(p.evictedOf, func(uid types.UID, _ int) bool { return !stay[uid] })
}

// evict evicts one pod of each controller, for as long as there is time: the next pass
// sees whether that brought a sidecar, and goes on.
func (p *pass) evict(ctx context.Context) {
	left := p.options.mostEvictions()
	for _, g := range p.found {
		if !g.evictable() {
			continue
		}
		if left == 0 {
			return
		}
		outcome, err := p.try(ctx, g)
		if ctx.Err() != nil {
			return
		}
		p.metrics.evictions.WithLabelValues(outcome).Inc()
		if outcome == evicted {
			left--
		}
		p.record(g, outcome, err)
	}
}

func (p *pass) record(g *group, outcome string, err error) {
	about := []any{"namespace", g.namespace, "pod", g.first.Name, "controller", g.about.Kind + "/" + g.about.Name}
	switch outcome {
	case evicted:
		p.evictedOf[g.about.UID]++
		p.log.Info("a pod without a sidecar was evicted", about...)
	case failed:
		p.log.Warn("a pod without a sidecar could not be evicted; the next pass tries again", append(about, "error", err)...)
	}
}

// try evicts a pod of a group, unless something speaks against it by now.
func (p *pass) try(ctx context.Context, g *group) (outcome string, err error) {
	if p.evictedOf[g.about.UID] > p.known[g.about.UID] {
		return inVain, nil
	}
	if !p.sleep(ctx, p.last.Add(p.options.between()).Sub(p.clock.Now())) {
		return failed, ctx.Err()
	}
	pod, outcome, err := p.due(ctx, g)
	if outcome != "" {
		return outcome, err
	}
	err = p.ask(ctx, func(ctx context.Context) error {
		return p.client.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
		})
	})
	switch {
	case err == nil:
		p.last = p.clock.Now()
		return evicted, nil
	case apierrors.IsTooManyRequests(err):
		return budget, nil
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		return settled, nil
	default:
		return failed, err
	}
}

// due reads once more what an eviction rests on, since the pass may be some time ago. It
// returns an outcome where there is to be none.
func (p *pass) due(ctx context.Context, g *group) (pod *corev1.Pod, outcome string, err error) {
	ready, err := p.ready(ctx, g)
	if err != nil {
		return nil, failed, err
	}
	if !ready {
		return nil, notReady, nil
	}
	pod, err = p.confirm(ctx, g)
	if errors.Is(err, errNotMissing) {
		return nil, settled, nil
	}
	if err != nil {
		return nil, failed, err
	}
	if controller := metav1.GetControllerOfNoCopy(pod); controller == nil || controller.UID != g.about.UID || !g.evictable() || mayNotMove(pod) {
		return nil, settled, nil
	}
	asks, err := p.asks(ctx, pod)
	if err != nil {
		return nil, failed, err
	}
	if !asks {
		return nil, settled, nil
	}
	return pod, "", nil
}

// ready reports whether the youngest pod with a sidecar of a group works, where there is
// one. Where sidecars do not come up, each further one would be one pod less.
func (p *pass) ready(ctx context.Context, g *group) (bool, error) {
	if g.has == 0 {
		return true, nil
	}
	pod := &corev1.Pod{}
	err := p.ask(ctx, func(ctx context.Context) error { return p.client.Get(ctx, g.newest, pod) })
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("pod %s: %w", g.newest, err)
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}), nil
}
