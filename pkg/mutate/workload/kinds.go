package workload

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// header is what every Kubernetes object has.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// headerOf returns an empty header for JSON that is no Kubernetes object.
func headerOf(raw []byte) header {
	var h header
	if json.Unmarshal(raw, &h) != nil {
		return header{}
	}
	return h
}

func (h header) group() string {
	group, _, found := strings.Cut(h.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

var listHeader = header{"v1", "List"}

// An object is a workload of some kind, to be decoded into its typed value.
type object struct {
	value any
	meta  *metav1.ObjectMeta
	// template returns where the pod stands in value, once that is decoded, or nil
	// where it holds none.
	template func() (*metav1.ObjectMeta, *corev1.PodSpec)
}

// kinds are the workloads that hold a pod, each with an empty one of its own.
var kinds = map[header]func() object{
	{"v1", "Pod"}: func() object {
		pod := &corev1.Pod{}
		return object{pod, &pod.ObjectMeta, func() (*metav1.ObjectMeta, *corev1.PodSpec) { return &pod.ObjectMeta, &pod.Spec }}
	},
	{"v1", "ReplicationController"}: func() object {
		controller := &corev1.ReplicationController{}
		return object{controller, &controller.ObjectMeta, at(&controller.Spec.Template)}
	},
	{"apps/v1", "Deployment"}: func() object {
		deployment := &appsv1.Deployment{}
		return object{deployment, &deployment.ObjectMeta, in(&deployment.Spec.Template)}
	},
	{"apps/v1", "DaemonSet"}: func() object {
		set := &appsv1.DaemonSet{}
		return object{set, &set.ObjectMeta, in(&set.Spec.Template)}
	},
	{"apps/v1", "ReplicaSet"}: func() object {
		set := &appsv1.ReplicaSet{}
		return object{set, &set.ObjectMeta, in(&set.Spec.Template)}
	},
	{"apps/v1", "StatefulSet"}: func() object {
		set := &appsv1.StatefulSet{}
		return object{set, &set.ObjectMeta, in(&set.Spec.Template)}
	},
	{"batch/v1", "Job"}: func() object {
		job := &batchv1.Job{}
		return object{job, &job.ObjectMeta, in(&job.Spec.Template)}
	},
	{"batch/v1", "CronJob"}: func() object {
		job := &batchv1.CronJob{}
		// istioctl takes the labels and annotations of the Job for those of the
		// pod, reads them and writes them there. So do we, to the byte.
		template := &job.Spec.JobTemplate
		return object{job, &job.ObjectMeta, func() (*metav1.ObjectMeta, *corev1.PodSpec) {
			return &template.ObjectMeta, &template.Spec.Template.Spec
		}}
	},
	{"apps.openshift.io/v1", "DeploymentConfig"}: func() object {
		config := &deploymentConfig{}
		return object{config, &config.ObjectMeta, at(&config.Spec.Template)}
	},
	{"argoproj.io/v1alpha1", "Rollout"}: func() object {
		rollout := &rollout{}
		return object{rollout, &rollout.ObjectMeta, at(&rollout.Spec.Template)}
	},
}

// former are versions that a cluster still takes for another, so that they are
// injected as that one.
var former = map[header]header{
	{"v1", "DeploymentConfig"}: {"apps.openshift.io/v1", "DeploymentConfig"},
}

// kindOf returns what makes an empty workload of a kind, or nil if it is none.
func kindOf(h header) func() object {
	if now, ok := former[h]; ok {
		return kinds[now]
	}
	return kinds[h]
}

// rollout is what of Argo's Rollout matters here: its other fields are kept as
// those that nobody knows are.
type rollout struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Template *corev1.PodTemplateSpec `json:"template,omitempty"`
	} `json:"spec"`
}

func in(template *corev1.PodTemplateSpec) func() (*metav1.ObjectMeta, *corev1.PodSpec) {
	return func() (*metav1.ObjectMeta, *corev1.PodSpec) { return &template.ObjectMeta, &template.Spec }
}

func at(template **corev1.PodTemplateSpec) func() (*metav1.ObjectMeta, *corev1.PodSpec) {
	return func() (*metav1.ObjectMeta, *corev1.PodSpec) {
		if *template == nil {
			return nil, nil
		}
		return in(*template)()
	}
}

// passedOver says why an object is left alone that somebody may take for a
// workload, or returns "".
func passedOver(h header) string {
	kind := strings.TrimSuffix(h.Kind, "List")
	known, ok := kindNamed(kind)
	if !ok || !ours(h.group()) {
		return ""
	}
	if kind != h.Kind {
		return fmt.Sprintf("typed-list: nothing looks into a %s; write its items as a List of v1, or as one document each", h.Kind)
	}
	return fmt.Sprintf("retired-version: apiVersion %q of a %s is not injected; write %q", h.APIVersion, h.Kind, known.APIVersion)
}

// kindNamed returns a kind of workload in the version that is injected.
func kindNamed(name string) (header, bool) {
	for known := range kinds {
		if known.Kind == name {
			return known, true
		}
	}
	return header{}, false
}

// ours reports whether a group's kinds are the ones of the table, in whatever
// version, and not somebody else's that happen to have the name.
func ours(group string) bool {
	if group == "extensions" {
		return true
	}
	for known := range kinds {
		if known.group() == group {
			return true
		}
	}
	return false
}
