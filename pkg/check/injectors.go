package check

import (
	"context"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var otherInjectors = &Check{
	Name:  "other-injectors",
	Looks: "Istio's own injectors: that none is asked about the same pods as we",
	run:   checkInjectors,
}

func checkInjectors(ctx context.Context, l *look) {
	all, ok := l.configurations(ctx)
	if !ok {
		return
	}
	namespaces, ok := l.namespaces(ctx)
	if !ok {
		return
	}
	pods := ways(all)
	for i := range all {
		c := &all[i]
		if c.isOurs() || !c.isInjector() {
			continue
		}
		if where := shared(all, c, namespaces, pods); where != "" {
			l.warn(c.Object, "let each label be served by one of the two (docs/selection.md), as by a revision of ours: meshward bootstrap hooks --revision REVISION",
				"it is asked about the same pods as we, such as those %s; which of the two injects is not defined", where)
		}
	}
}

// isInjector reports whether a configuration is that of an injector of Istio's.
func (c *configuration) isInjector() bool {
	if c.Kind != mutating {
		return false
	}
	return slices.ContainsFunc(c.hooks, func(h hook) bool {
		return strings.HasSuffix(h.name, "sidecar-injector.istio.io") && h.createsPods()
	})
}

func (h *hook) createsPods() bool {
	return slices.ContainsFunc(h.rules, func(r admissionregistrationv1.RuleWithOperations) bool {
		return slices.ContainsFunc(r.Resources, func(s string) bool { return s == "pods" || s == "*" || s == "*/*" })
	})
}

// ways are the labels by which pods may ask for anything, none first.
func ways(all []configuration) []labels.Set {
	sets := []labels.Set{nil, {injectLabel: "true"}}
	for _, value := range revisions(all) {
		sets = append(sets, labels.Set{revisionLabel: value}, labels.Set{injectLabel: "true", revisionLabel: value})
	}
	return sets
}

// shared names pods that both another injector and we are asked about.
func shared(all []configuration, other *configuration, namespaces []corev1.Namespace, pods []labels.Set) string {
	for _, labels := range pods {
		for i := range namespaces {
			if !other.asked(&namespaces[i], labels) || !slices.ContainsFunc(all, func(c configuration) bool {
				return c.isOurs() && c.Kind == mutating && c.asked(&namespaces[i], labels)
			}) {
				continue
			}
			text := "of namespace " + namespaces[i].Name
			if len(labels) > 0 {
				text += " labelled " + labels.String()
			}
			return text
		}
	}
	return ""
}

// asked reports whether any webhook of a configuration is asked about a pod.
func (c *configuration) asked(namespace *corev1.Namespace, pod labels.Set) bool {
	return slices.ContainsFunc(c.hooks, func(h hook) bool { return h.selects(namespace, pod) })
}
