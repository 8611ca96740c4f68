package check

import (
	"context"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var disruptionBudget = &Check{
	Name:  "disruption-budget",
	Looks: "the PodDisruptionBudget: there, and letting nodes be drained",
	run:   checkDisruptionBudget,
}

func checkDisruptionBudget(ctx context.Context, l *look) {
	d, ok := l.server(ctx)
	if !ok {
		return
	}
	if d == nil {
		l.note("there is no Deployment of the server")
		return
	}
	var list policyv1.PodDisruptionBudgetList
	if err := l.List(ctx, &list, client.InNamespace(l.Namespace)); err != nil {
		l.unseen("the PodDisruptionBudgets of namespace "+l.Namespace, err)
		return
	}
	found := false
	for i := range list.Items {
		budget := &list.Items[i]
		// Unlike a webhook's, a selector that is not there selects nothing.
		if budget.Spec.Selector == nil || !matches(budget.Spec.Selector, labels.Set(d.Spec.Template.Labels)) {
			continue
		}
		found = true
		if s := budget.Status; s.ExpectedPods > 0 && s.CurrentHealthy >= s.ExpectedPods && s.DisruptionsAllowed == 0 {
			l.warn(Object{"PodDisruptionBudget", budget.Namespace, budget.Name},
				"set maxUnavailable: 1 in it, and nothing else; "+applied,
				"it lets no pod be moved though all are healthy, so that nodes cannot be drained")
		}
	}
	if !found {
		l.warn(Object{"Deployment", d.Namespace, d.Name}, applied, "no PodDisruptionBudget selects its pods, so that all of them may be moved at once")
	}
}
