package check

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var validation = &Check{
	Name:  "validation",
	Looks: "a route to an undefined subset, by a dry run: that it would be denied",
	run:   checkValidation,
}

// broken is the rule that the route which is tried breaks.
const broken = "undefined-subset"

// route is a VirtualService that leads nowhere, and would be denied anywhere.
func route(namespace string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"hosts": []any{"meshward-check.invalid"},
		"http": []any{map[string]any{"route": []any{map[string]any{
			"destination": map[string]any{"host": "meshward-check.invalid", "subset": "none"},
		}}}},
	}}}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: istioGroup, Version: "v1", Kind: "VirtualService"})
	object.SetNamespace(namespace)
	object.SetName("meshward-check")
	return object
}

func checkValidation(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	asked, ok := l.asked(ctx, ours)
	if !ok || asked == nil {
		return
	}
	warnings, err := l.Try(ctx, route(l.ProbeNamespace))
	of := Object{Kind: validating, Name: configurationName}
	logs := fmt.Sprintf("kubectl -n %s logs deployment/%s", l.Namespace, l.Service)
	switch {
	case meta.IsNoMatchError(err):
		l.note("there are no VirtualServices to judge")
	case err != nil && isOurWebhook(ours, deniedBy(err)):
	case err != nil:
		l.notTried(of, "a VirtualService of namespace "+l.ProbeNamespace, err)
	case said(warnings, "would be denied: "+broken):
	case said(warnings, broken):
		l.note("%s is not denied in namespace %s, but warned of, as the configuration has it", broken, l.ProbeNamespace)
	case asked.fails:
		l.error(of, "see what the configuration says of "+broken+": kubectl -n "+l.Namespace+" get configmap meshward-config -o yaml",
			"a route to an undefined subset is admitted without a word")
	default:
		l.error(of, "see the other findings and "+logs+"; it is right only where the configuration has "+broken+" audited or off",
			"a route to an undefined subset is admitted without a word: nobody answered, and failurePolicy Ignore let it through")
	}
}

// asked returns the webhook that is asked about the route, nil where there is none.
func (l *look) asked(ctx context.Context, ours []configuration) (*hook, bool) {
	of := Object{Kind: "Namespace", Name: l.ProbeNamespace}
	var namespace corev1.Namespace
	there, ok := l.get(ctx, of, &namespace)
	if !ok {
		return nil, false
	}
	if !there {
		l.Unseen = append(l.Unseen, of.String()+": it does not exist; name another with --probe-namespace")
		return nil, false
	}
	found := false
	for i := range ours {
		for j := range ours[i].hooks {
			h := &ours[i].hooks[j]
			if ours[i].Kind != validating {
				continue
			}
			found = true
			if matches(h.namespaces, labelsOf(&namespace)) {
				return h, true
			}
		}
	}
	if found {
		l.Unseen = append(l.Unseen, of.String()+": the webhook is not asked about it; name another with --probe-namespace")
	} else {
		l.note("there is no webhook that would judge a route")
	}
	return nil, false
}

// notTried tells why the API server did not come to an answer of ours.
func (l *look) notTried(of Object, what string, err error) {
	if webhook, problem, fix, ok := l.uncalled(err); ok {
		l.error(of, fix, "webhook %s fails: %s", webhook, problem)
		return
	}
	l.unseen("what becomes of "+what, err)
}

// isOurWebhook reports whether a webhook is one of ours.
func isOurWebhook(ours []configuration, webhook string) bool {
	for i := range ours {
		for j := range ours[i].hooks {
			if ours[i].hooks[j].name == webhook {
				return true
			}
		}
	}
	return false
}

func said(warnings []string, text string) bool {
	for _, warning := range warnings {
		if strings.Contains(warning, text) {
			return true
		}
	}
	return false
}
