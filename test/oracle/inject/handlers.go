package inject

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// handler is a probe, or a step in the life of a container, that goes over the network.
type handler struct{ host string }

// anyHandler reports whether any of a pod's handlers fits.
func anyHandler(pod *corev1.Pod, fits func(*handler) bool) bool {
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if slices.ContainsFunc(handlers(&list[i]), fits) {
				return true
			}
		}
	}
	return false
}

func handlers(c *corev1.Container) []*handler {
	var all []*handler
	add := func(get *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction, grpc *corev1.GRPCAction) {
		switch {
		case get != nil:
			all = append(all, &handler{get.Host})
		case tcp != nil:
			all = append(all, &handler{tcp.Host})
		case grpc != nil:
			all = append(all, &handler{})
		}
	}
	for _, probe := range []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe} {
		if probe != nil {
			add(probe.HTTPGet, probe.TCPSocket, probe.GRPC)
		}
	}
	if c.Lifecycle == nil {
		return all
	}
	for _, step := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
		if step != nil {
			add(step.HTTPGet, step.TCPSocket, nil)
		}
	}
	return all
}

// ownedByJob tells whether an owner is the Job that has made a pod.
func ownedByJob(pod *corev1.Pod) func(metav1.OwnerReference) bool {
	return func(ref metav1.OwnerReference) bool {
		return pod.GenerateName != "" && ref.Kind == "Job" && ref.Controller != nil && *ref.Controller
	}
}
