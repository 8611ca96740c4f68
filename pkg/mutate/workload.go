package mutate

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Workload is what an operator calls the thing that a pod is one of: the
// Deployment and not its ReplicaSet, the CronJob and not the Job of this hour.
type Workload struct {
	APIVersion, Kind string
	Namespace, Name  string
}

// WorkloadOf returns the workload of a pod that is being created in namespace.
// The namespace is the request's, because the pod of a controller names none.
//
// Controllers name their pods by generateName. A pod without it was written by
// hand, and is its own workload whatever owner it claims.
func WorkloadOf(pod *corev1.Pod, namespace string) Workload {
	owner := metav1.GetControllerOfNoCopy(pod)
	if pod.GenerateName == "" || owner == nil || owner.Name == "" {
		return Workload{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: pod.Name}
	}
	workload := ownerOf(pod.Labels, owner)
	workload.Namespace = namespace
	return workload
}

// ownerOf looks through the controllers that stand between a workload and its
// pods. They leave their mark on the pod's labels or in their own names, so
// nothing needs to be fetched.
func ownerOf(labels map[string]string, controller *metav1.OwnerReference) Workload {
	direct := Workload{APIVersion: controller.APIVersion, Kind: controller.Kind, Name: controller.Name}
	switch controller.Kind {
	case "ReplicaSet":
		if name, ok := trimHash(controller.Name, labels["pod-template-hash"]); ok {
			return Workload{APIVersion: controller.APIVersion, Kind: "Deployment", Name: name}
		}
		// Telemetry knows a Rollout by this version, which lacks the group.
		if name, ok := trimHash(controller.Name, labels["rollouts-pod-template-hash"]); ok {
			return Workload{APIVersion: "v1alpha1", Kind: "Rollout", Name: name}
		}
	case "ReplicationController":
		if name := labels["deploymentconfig"]; name != "" {
			return Workload{APIVersion: controller.APIVersion, Kind: "DeploymentConfig", Name: name}
		}
	case "Job":
		if match := scheduledJob.FindStringSubmatch(controller.Name); match != nil {
			return Workload{APIVersion: "batch/v1", Kind: "CronJob", Name: match[1]}
		}
	}
	return direct
}

// scheduledJob matches the Jobs of a CronJob: its name, and the scheduled time in
// minutes or seconds since 1970.
var scheduledJob = regexp.MustCompile(`^(.+)-\d{8,10}$`)

func trimHash(name, hash string) (string, bool) {
	if hash == "" {
		return "", false
	}
	return strings.CutSuffix(name, "-"+hash)
}
