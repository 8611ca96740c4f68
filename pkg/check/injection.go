package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var injection = &Check{
	Name:  "injection",
	Looks: "a pod of a namespace that asks for sidecars, by a dry run: that it gets one",
	run:   checkInjection,
}

// proxy is the name of the sidecar.
const proxy = "istio-proxy"

func checkInjection(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	namespaces, ok := l.namespaces(ctx)
	if !ok {
		return
	}
	there, tried := false, false
	for i := range ours {
		c := &ours[i]
		if c.Kind != mutating {
			continue
		}
		there = true
		// One namespace of each configuration: they differ in whom they call.
		for j := range namespaces {
			if h := c.sends(&namespaces[j]); h != nil {
				tried = true
				l.inject(ctx, c, h, namespaces[j].Name)
				break
			}
		}
	}
	switch {
	case !there:
		l.note("there is no webhook that would inject")
	case !tried:
		l.note("no namespace asks for sidecars: kubectl label namespace NAME istio-injection=enabled")
	}
}

// sends returns the webhook that is asked about every pod of a namespace, nil where there
// is none.
func (c *configuration) sends(namespace *corev1.Namespace) *hook {
	if namespace.DeletionTimestamp != nil {
		return nil
	}
	for i := range c.hooks {
		if h := &c.hooks[i]; h.conditions == 0 && h.selects(namespace, nil) {
			return h
		}
	}
	return nil
}

func (l *look) inject(ctx context.Context, c *configuration, h *hook, namespace string) {
	p := pod(namespace)
	warnings, err := l.Try(ctx, p)
	of := Object{Kind: "Namespace", Name: namespace}
	logs := fmt.Sprintf("kubectl -n %s logs deployment/%s", l.Namespace, l.Service)
	switch {
	case err != nil && strings.Contains(err.Error(), "violates PodSecurity"):
		l.error(of, fmt.Sprintf("have Istio's CNI plugin set up the network, or allow it: kubectl label namespace %s pod-security.kubernetes.io/enforce-", namespace),
			"its Pod Security level refuses pods with their sidecar")
	case err != nil && deniedBy(err) == h.name:
		l.error(of, "do what the message says, and see "+logs, "pods are refused: %s", oneLine(err.Error()))
	case err != nil:
		l.notTried(c.Object, "a pod of namespace "+namespace, err)
	case hasProxy(p):
	case len(warnings) > 0:
		l.error(of, "do what the message says, and see "+logs, "a pod gets no sidecar: %s", oneLine(strings.Join(warnings, "; ")))
	case h.fails:
		l.error(of, "see "+logs, "a pod gets no sidecar, and nobody says why")
	default:
		l.error(of, "see the other findings and "+logs, "a pod gets no sidecar: nobody answered, and failurePolicy Ignore let it through")
	}
}

func hasProxy(p *corev1.Pod) bool {
	return slices.ContainsFunc(append(slices.Clone(p.Spec.InitContainers), p.Spec.Containers...), func(c corev1.Container) bool { return c.Name == proxy })
}

// pod is one that every namespace takes, as far as it is for the pod to say.
func pod(namespace string) *corev1.Pod {
	little := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("1Mi")}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "meshward-check"},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   new(true),
				RunAsUser:      new(int64(65532)),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:      "check",
				Image:     "meshward-check",
				Resources: corev1.ResourceRequirements{Requests: little, Limits: little},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: new(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}
