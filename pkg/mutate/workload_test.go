package mutate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/mutate"
)

func TestWorkloadOf(t *testing.T) {
	const generateName = "x-"
	tests := []struct {
		name string
		pod  metav1.ObjectMeta
		want mutate.Workload
	}{
		{
			"pod of its own",
			metav1.ObjectMeta{Name: "web"},
			mutate.Workload{APIVersion: "v1", Kind: "Pod", Name: "web"},
		},
		{
			"pod whose name is yet to be made",
			metav1.ObjectMeta{GenerateName: "web-"},
			mutate.Workload{APIVersion: "v1", Kind: "Pod"},
		},
		{
			"owner that does not control",
			metav1.ObjectMeta{GenerateName: generateName, Name: "web", OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "c"}}},
			mutate.Workload{APIVersion: "v1", Kind: "Pod", Name: "web"},
		},
		{
			"controller without generateName",
			metav1.ObjectMeta{Name: "web", OwnerReferences: controlledBy("apps/v1", "ReplicaSet", "rs")},
			mutate.Workload{APIVersion: "v1", Kind: "Pod", Name: "web"},
		},
		{
			"deployment",
			metav1.ObjectMeta{GenerateName: generateName, Labels: map[string]string{"pod-template-hash": "545db"}, OwnerReferences: controlledBy("apps/v1", "ReplicaSet", "reviews-v1-545db")},
			mutate.Workload{APIVersion: "apps/v1", Kind: "Deployment", Name: "reviews-v1"},
		},
		{
			"replica set of its own",
			metav1.ObjectMeta{GenerateName: generateName, OwnerReferences: controlledBy("apps/v1", "ReplicaSet", "reviews-v1-545db")},
			mutate.Workload{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "reviews-v1-545db"},
		},
		{
			"hash that is not the suffix",
			metav1.ObjectMeta{GenerateName: generateName, Labels: map[string]string{"pod-template-hash": "45db"}, OwnerReferences: controlledBy("apps/v1", "ReplicaSet", "reviews-v1-545db")},
			mutate.Workload{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "reviews-v1-545db"},
		},
		{
			"rollout",
			metav1.ObjectMeta{GenerateName: generateName, Labels: map[string]string{"rollouts-pod-template-hash": "9f"}, OwnerReferences: controlledBy("apps/v1", "ReplicaSet", "web-9f")},
			mutate.Workload{APIVersion: "v1alpha1", Kind: "Rollout", Name: "web"},
		},
		{
			"deployment config",
			metav1.ObjectMeta{GenerateName: generateName, Labels: map[string]string{"deploymentconfig": "web"}, OwnerReferences: controlledBy("v1", "ReplicationController", "web-3")},
			mutate.Workload{APIVersion: "v1", Kind: "DeploymentConfig", Name: "web"},
		},
		{
			"cron job",
			metav1.ObjectMeta{GenerateName: generateName, OwnerReferences: controlledBy("batch/v1", "Job", "nightly-29612340")},
			mutate.Workload{APIVersion: "batch/v1", Kind: "CronJob", Name: "nightly"},
		},
		{
			"job whose number is no time",
			metav1.ObjectMeta{GenerateName: generateName, OwnerReferences: controlledBy("batch/v1", "Job", "nightly-2961234")},
			mutate.Workload{APIVersion: "batch/v1", Kind: "Job", Name: "nightly-2961234"},
		},
		{
			"stateful set",
			metav1.ObjectMeta{GenerateName: generateName, Name: "db-0", OwnerReferences: controlledBy("apps/v1", "StatefulSet", "db")},
			mutate.Workload{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Namespace = "shop"
			got := mutate.WorkloadOf(&corev1.Pod{ObjectMeta: test.pod}, "shop")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("workload differs (-want +got):\n%s", diff)
			}
		})
	}
}

func controlledBy(apiVersion, kind, name string) []metav1.OwnerReference {
	controller := true
	return []metav1.OwnerReference{
		{APIVersion: "v1", Kind: "ConfigMap", Name: "bystander"},
		{APIVersion: apiVersion, Kind: kind, Name: name, Controller: &controller},
	}
}
