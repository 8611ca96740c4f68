package check

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var excludedNamespaces = &Check{
	Name:  "excluded-namespaces",
	Looks: "the namespaces that ask for sidecars: that no webhook leaves them out by name",
	run:   checkExcluded,
}

func checkExcluded(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	namespaces, ok := l.namespaces(ctx)
	if !ok {
		return
	}
	for i := range namespaces {
		namespace := &namespaces[i]
		by, unlabel := askedBy(namespace)
		if by == "" || asksUs(ours, namespace) || !wouldAskUs(ours, namespace) {
			continue
		}
		l.warn(Object{Kind: "Namespace", Name: namespace.Name}, "kubectl label namespace "+namespace.Name+" "+unlabel+"; docs/selection.md says where pods may ask themselves",
			"it asks for sidecars by %s, and the webhooks leave it out by its name, so its pods get none", by)
	}
}

// askedBy is the label by which a namespace asks for sidecars, with what takes it away.
func askedBy(namespace *corev1.Namespace) (by, unlabel string) {
	if value, ok := namespace.Labels[injectionLabel]; ok {
		if value != "enabled" {
			return "", ""
		}
		return injectionLabel + "=" + value, injectionLabel + "-"
	}
	if value, ok := namespace.Labels[revisionLabel]; ok {
		return revisionLabel + "=" + value, revisionLabel + "-"
	}
	return "", ""
}

// asksUs reports whether we are asked about the pods of a namespace.
func asksUs(ours []configuration, namespace *corev1.Namespace) bool {
	return slices.ContainsFunc(ours, func(c configuration) bool { return c.Kind == mutating && c.asked(namespace, nil) })
}

// wouldAskUs reports whether we were asked about the pods of a namespace that had another
// name.
func wouldAskUs(ours []configuration, namespace *corev1.Namespace) bool {
	renamed := namespace.DeepCopy()
	renamed.Name = "meshward-check"
	renamed.Labels = labels.Merge(renamed.Labels, labels.Set{corev1.LabelMetadataName: renamed.Name})
	return asksUs(ours, renamed)
}
