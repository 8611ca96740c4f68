package templates

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// canonicalName returns the name that telemetry groups the pod under: what its
// labels say, or the workload's name, cut to the length of a label.
func canonicalName(labels map[string]string, workload string) string {
	name := cmp.Or(
		labels["service.istio.io/canonical-name"],
		labels["app.kubernetes.io/name"],
		labels["app"],
		workload,
	)
	const longestLabel = 63 // bytes
	if len(name) <= longestLabel {
		return name
	}
	return strings.Trim(name[:longestLabel], "-_.")
}

// canonicalRevision returns the version of the service that the pod runs.
func canonicalRevision(labels map[string]string) string {
	return cmp.Or(
		labels["service.istio.io/canonical-revision"],
		labels["app.kubernetes.io/version"],
		labels["version"],
		"latest",
	)
}

// containerNames returns the names of all application containers.
func containerNames(spec *corev1.PodSpec) []string {
	names := make([]string, 0, len(spec.Containers))
	for i := range spec.Containers {
		if name := spec.Containers[i].Name; name != proxyContainer {
			names = append(names, name)
		}
	}
	return names
}

// containerPorts returns the ports of all containers as a JSON array.
func containerPorts(spec *corev1.PodSpec) string {
	var ports []corev1.ContainerPort
	for i := range spec.Containers {
		ports = append(ports, spec.Containers[i].Ports...)
	}
	if len(ports) == 0 {
		return "[]"
	}
	return structToJSON(ports)
}
