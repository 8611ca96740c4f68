package missing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
)

// proxy is the name of the sidecar.
const proxy = "istio-proxy"

// errNotMissing says that a pod has no need of a sidecar, or no longer any.
var errNotMissing = errors.New("no sidecar is missing")

// confirm reads a pod of a group whole: whether it shares the node's network, metadata does
// not tell. It notes, too, why a pod like it would not be let in.
func (p *pass) confirm(ctx context.Context, g *group) (*corev1.Pod, error) {
	stored := &unstructured.Unstructured{}
	stored.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	err := p.ask(ctx, func(ctx context.Context) error { return p.client.Get(ctx, g.first, stored) })
	if apierrors.IsNotFound(err) {
		return nil, errNotMissing
	}
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", g.first, err)
	}
	raw, err := stored.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", g.first, err)
	}
	pod, err := mutate.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", g.first, err)
	}
	if !p.needs(pod) {
		return nil, errNotMissing
	}
	_, g.refusal = p.now.Inject(mutate.Request{
		Raw:       raw,
		Pod:       pod,
		Workload:  mutate.WorkloadOf(pod, g.namespace),
		Namespace: &metav1.ObjectMeta{Name: g.namespace, Labels: p.namespaces[g.namespace]},
	})
	return pod, nil
}

// needs reports whether a pod should have a sidecar, and has none, not even one of its own.
func (p *pass) needs(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return false
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		if slices.ContainsFunc(containers, func(c corev1.Container) bool { return c.Name == proxy }) {
			return false
		}
	}
	return p.now.Decide(pod, pod.Namespace).Inject
}

// asks reports whether the API server would send a pod to the injector now.
func (p *pass) asks(ctx context.Context, pod *corev1.Pod) (bool, error) {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := p.ask(ctx, func(ctx context.Context) error {
		return p.client.Get(ctx, client.ObjectKey{Name: pod.Namespace}, namespace)
	}); err != nil {
		return false, err
	}
	if namespace.DeletionTimestamp != nil {
		return false, nil
	}
	askings, err := p.askings(ctx)
	for _, asking := range askings {
		if asking.Namespaces.Matches(labels.Set(namespace.Labels)) && asking.Pods.Matches(labels.Set(pod.Labels)) {
			return true, nil
		}
	}
	return false, err
}
