package selection

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The labels that are asked about, on namespaces and on pods.
const (
	injectionLabel = "istio-injection"
	revisionLabel  = "istio.io/rev"
	injectLabel    = "sidecar.istio.io/inject"
)

// withoutUs have to start while we do not run: the cluster's own parts, and the issuer of
// our certificate. So does the namespace that we run in.
var withoutUs = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage", "cert-manager"}

// controlPlane is the mesh's own namespace. Its label injects nobody, but a gateway that
// runs there and asks for its proxy itself cannot do without.
const controlPlane = "istio-system"

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

// labelled selects namespaces by their labels, of those whose labels count.
func (o Options) labelled(by ...metav1.LabelSelectorRequirement) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: append(by, o.but(controlPlane))}
}

// silent selects the namespaces that leave it to their pods.
func (o Options) silent() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{lacks(injectionLabel), lacks(revisionLabel), o.but()}}
}

// but leaves out the namespaces that are never injected, and others.
func (o Options) but(others ...string) metav1.LabelSelectorRequirement {
	var names []string
	seen := make(map[string]bool)
	for _, list := range [][]string{withoutUs, {o.Namespace}, others, o.Exclude} {
		for _, name := range list {
			if !seen[name] {
				names = append(names, name)
			}
			seen[name] = true
		}
	}
	return metav1.LabelSelectorRequirement{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: names}
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
