package selection

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The labels that are asked about, on namespaces and on pods.
const (
	injectionLabel = "istio-injection"
	revisionLabel  = "istio.io/rev"
	injectLabel    = "sidecar.istio.io/inject"
)

// An entry is one way of asking for injection. No pod asks in two of them: they differ in
// what label of the namespace there is, and then in what label of the pod.
type entry struct {
	// name comes before that of the webhook, and doc is a comment.
	name, doc  string
	namespaces *metav1.LabelSelector
	pods       *metav1.LabelSelector
}

// entries are all ways of asking for the injector of a value of istio.io/rev.
func (o Options) entries(value string) []entry {
	revision := []entry{
		{
			name:       "rev.namespace",
			doc:        "Namespaces that name the revision.",
			namespaces: o.labelled(is(revisionLabel, value), lacks(injectionLabel)),
			pods:       pods(willing),
		},
		{
			name:       "rev.object",
			doc:        "Pods that name the revision, where the namespace says nothing.",
			namespaces: o.silent(),
			pods:       pods(willing, is(revisionLabel, value)),
		},
	}
	if value != DefaultRevision {
		return revision
	}
	all := []entry{
		{
			name:       "namespace",
			doc:        "Namespaces that ask for sidecars. What they say of a revision does not count then.",
			namespaces: o.labelled(is(injectionLabel, "enabled")),
			pods:       pods(willing),
		},
		{
			name:       "object",
			doc:        "Pods that ask for a sidecar and for no revision, where the namespace says nothing.",
			namespaces: o.silent(),
			pods:       pods(is(injectLabel, "true"), lacks(revisionLabel)),
		},
	}
	all = append(all, revision...)
	if o.ByDefault {
		all = append(all, entry{
			name:       "auto",
			doc:        "Pods of which nobody says anything. While nobody answers, they cannot start.",
			namespaces: o.labelled(lacks(injectionLabel), lacks(revisionLabel)),
			pods:       pods(lacks(injectLabel), lacks(revisionLabel)),
		})
	}
	return all
}

// labelled selects namespaces by their labels, of those whose labels count. The names come
// first, so that kustomize finds them.
func (o Options) labelled(by ...metav1.LabelSelectorRequirement) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: append([]metav1.LabelSelectorRequirement{o.but(), butNames(controlPlane)}, by...)}
}

// silent selects the namespaces that leave it to their pods.
func (o Options) silent() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{o.but(), lacks(injectionLabel), lacks(revisionLabel)}}
}

func pods(by ...metav1.LabelSelectorRequirement) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: by}
}

// willing are pods that do not opt out. That is settled here, so that it works even while
// no replica of ours does.
var willing = metav1.LabelSelectorRequirement{Key: injectLabel, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"false"}}

func is(key, value string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}}
}

func lacks(key string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpDoesNotExist}
}
