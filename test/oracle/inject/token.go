package inject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// mountToken mounts the token of a pod's account in the containers that have nothing there, as
// the API server does once webhooks have been asked. meshward does it at once.
func mountToken(pod *corev1.Pod) {
	const path = "/var/run/secrets/kubernetes.io/serviceaccount"
	volume := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return strings.HasPrefix(v.Name, "kube-api-access-") })
	if volume < 0 {
		return
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			c := &containers[i]
			if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == path }) {
				c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: pod.Spec.Volumes[volume].Name, ReadOnly: true, MountPath: path})
			}
		}
	}
}
