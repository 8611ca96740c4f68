package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

var namespaceLabels = &Check{
	Name:  "namespace-labels",
	Looks: "the namespaces' labels: that they ask for what somebody means",
	run:   checkNamespaceLabels,
}

func checkNamespaceLabels(ctx context.Context, l *look) {
	all, ok := l.configurations(ctx)
	if !ok {
		return
	}
	namespaces, ok := l.namespaces(ctx)
	if !ok {
		return
	}
	known := revisions(all)
	for i := range namespaces {
		l.namespaceLabels(&namespaces[i], known)
	}
}

// no are values by which somebody means "disabled".
var no = []string{"disabled", "disable", "false", "no", "off", "0"}

func (l *look) namespaceLabels(namespace *corev1.Namespace, known []string) {
	of := Object{Kind: "Namespace", Name: namespace.Name}
	label := func(text string) string { return "kubectl label namespace " + namespace.Name + " --overwrite " + text }
	injection, asks := namespace.Labels[injectionLabel]
	revision, names := namespace.Labels[revisionLabel]
	if asks && injection != "enabled" && injection != "disabled" {
		meant := strings.ToLower(injection)
		if slices.Contains(no, meant) {
			l.warn(of, label(injectionLabel+"=disabled"), "%s=%s works like disabled, as every value but enabled does", injectionLabel, injection)
		} else {
			l.error(of, label(injectionLabel+"=enabled"), "%s=%s asks for nothing: only enabled does, so its pods get no sidecar", injectionLabel, injection)
		}
	}
	if asks && names {
		l.warn(of, label(revisionLabel+"-"), "it has both %s=%s and %s=%s: the first counts, and the second does not", injectionLabel, injection, revisionLabel, revision)
	}
	if names && !asks && !slices.Contains(known, revision) {
		l.error(of, label(revisionLabel+"="+another(known)), "%s=%s is no revision or tag of any injector, so its pods get no sidecar; there are: %s", revisionLabel, revision, list(known))
	}
	for _, key := range slices.Sorted(maps.Keys(namespace.Labels)) {
		if meant := meantBy(key); meant != "" {
			l.warn(of, label(fmt.Sprintf("%s- %s=%s", key, meant, valueFor(meant))), "label %s means nothing on a namespace; %s would", key, meant)
		}
	}
}

// mistaken are keys that nobody reads on a namespace, and what was meant. They are compared
// without case and punctuation.
var mistaken = map[string]string{
	"istioinjection": injectionLabel, "istioinject": injectionLabel, "istioinjected": injectionLabel,
	"istioioinjection": injectionLabel, "istioioinject": injectionLabel, "sidecaristioioinject": injectionLabel,
	"istiosidecarinjection": injectionLabel, "istioinjector": injectionLabel,
	"istioiorev": revisionLabel, "istiorev": revisionLabel, "istioiorevision": revisionLabel, "istiorevision": revisionLabel,
}

func meantBy(key string) string {
	if key == injectionLabel || key == revisionLabel {
		return ""
	}
	return mistaken[strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_./", r) {
			return -1
		}
		return r
	}, strings.ToLower(key))]
}

func valueFor(key string) string {
	if key == injectionLabel {
		return "enabled"
	}
	return "default"
}

// another is a revision to name instead.
func another(known []string) string {
	if len(known) == 1 {
		return known[0]
	}
	return "REVISION"
}

func list(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, ", ")
}
