package check

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// revisions are the values of istio.io/rev that any injector serves, ours or Istio's, in
// order.
func revisions(all []configuration) []string {
	var values []string
	for i := range all {
		c := &all[i]
		if c.Kind != mutating {
			continue
		}
		for j := range c.hooks {
			values = append(values, revisionsOf(c.hooks[j].namespaces)...)
			values = append(values, revisionsOf(c.hooks[j].objects)...)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func revisionsOf(selector *metav1.LabelSelector) []string {
	if selector == nil {
		return nil
	}
	var values []string
	if value, ok := selector.MatchLabels[revisionLabel]; ok {
		values = append(values, value)
	}
	for _, r := range selector.MatchExpressions {
		if r.Key == revisionLabel && r.Operator == metav1.LabelSelectorOpIn {
			values = append(values, r.Values...)
		}
	}
	return values
}
