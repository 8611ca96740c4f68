package mutate

import (
	"cmp"
	"fmt"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// IntoPod injects into a pod, or the template of one, that stands in a file. It returns nil
// where the pod is left alone: then the warnings say why.
//
// It fails as Inject does, in one line that does not name the pod: who has the file knows
// better where it stands.
func (in *Injector) IntoPod(pod *corev1.Pod, of Workload) (injected *corev1.Pod, warnings []string, err error) {
	decision := in.Decide(pod, pod.Namespace)
	if !decision.Inject {
		return nil, []string{cmp.Or(decision.Warning, decision.Reason.Name+": "+decision.Reason.Doc)}, nil
	}
	if decision.Warning != "" {
		warnings = append(warnings, decision.Warning)
	}
	raw := encoded(pod)
	injection, err := in.inject(&Request{Raw: raw, Pod: pod, Workload: of})
	if err != nil {
		return nil, nil, &cannotInject{err}
	}
	patch, err := jsonpatch.DecodePatch(injection.Patch.JSON())
	if err != nil {
		return nil, nil, fmt.Errorf("the patch cannot be read: %w", err)
	}
	if raw, err = patch.Apply(raw); err != nil {
		return nil, nil, fmt.Errorf("the patch does not apply: %w", err)
	}
	injected = new(corev1.Pod)
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, injected); err != nil {
		return nil, nil, fmt.Errorf("the injected pod cannot be read: %w", err)
	}
	return injected, append(warnings, injection.Warnings...), nil
}

// cannotInject is why a pod cannot be injected, in one line, whatever its cause has to say.
type cannotInject struct{ cause error }

func (e *cannotInject) Error() string {
	return "cannot inject a sidecar: " + strings.ReplaceAll(e.cause.Error(), "\n", "; ")
}

func (e *cannotInject) Unwrap() error { return e.cause }
