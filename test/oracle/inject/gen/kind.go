package gen

import (
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func otherDocuments(d *draft) {
	documents := []string{
		"apiVersion: v1\nkind: Service\nmetadata:\n  name: web # with a comment\nspec:\n  ports:\n  - port: 80\n",
		"# Only a comment.\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  text: |\n    one\n      two\n",
		"kind: Unheard\nspec: [1, 'two', \"three\"]\n",
		"{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"json\"}}\n",
		"\n",
	}
	for range d.between(1, 2) {
		d.before = append(d.before, pick(d, documents...))
	}
	if d.oneIn(2) {
		d.after = append(d.after, pick(d, documents...))
	}
}

func retired(d *draft) {
	d.kind = pick(d, "Deployment", "DaemonSet", "CronJob")
	d.retired = true
	d.apiVersion = map[string]string{"Deployment": "extensions/v1beta1", "DaemonSet": "apps/v1beta2", "CronJob": "batch/v1beta1"}[d.kind]
}

// manifest is the workload in a file, with the documents around it.
func (d *draft) manifest() ([]byte, error) {
	workload, err := yaml.Marshal(d.workload())
	if err != nil {
		return nil, err
	}
	if d.list {
		other := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"
		workload = []byte("apiVersion: v1\nkind: List\nitems:\n" + item(string(workload)) + item(other))
	}
	documents := append(append(append([]string{}, d.before...), string(workload)), d.after...)
	return []byte(strings.Join(documents, "---\n")), nil
}

func item(document string) string {
	return "- " + strings.ReplaceAll(strings.TrimSuffix(document, "\n"), "\n", "\n  ") + "\n"
}

// workload is the object of the kind.
func (d *draft) workload() any {
	version, meta := d.apiVersion, metav1.ObjectMeta{Name: d.name, Namespace: d.namespace}
	if version == "" {
		version = map[string]string{
			"Deployment": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1",
			"Job": "batch/v1", "CronJob": "batch/v1", "ReplicationController": "v1", "Pod": "v1", "DeploymentConfig": "apps.openshift.io/v1",
		}[d.kind]
	}
	kind, template := metav1.TypeMeta{APIVersion: version, Kind: d.kind}, d.template()
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	switch d.kind {
	case "Deployment":
		replicas := int32(2)
		return &appsv1.Deployment{TypeMeta: kind, ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: selector, Template: template}}
	case "DaemonSet":
		return &appsv1.DaemonSet{TypeMeta: kind, ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}}
	case "ReplicaSet":
		return &appsv1.ReplicaSet{TypeMeta: kind, ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template}}
	case "StatefulSet":
		return &appsv1.StatefulSet{TypeMeta: kind, ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, ServiceName: "web", Template: template}}
	case "ReplicationController":
		spec := corev1.ReplicationControllerSpec{Selector: selector.MatchLabels, Template: &template}
		return &corev1.ReplicationController{TypeMeta: kind, ObjectMeta: meta, Spec: spec}
	case "Job":
		return &batchv1.Job{TypeMeta: kind, ObjectMeta: meta, Spec: batchv1.JobSpec{Template: template}}
	case "CronJob":
		job := batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}}
		// Istio looks for labels and annotations one level above the pod's.
		job.ObjectMeta = template.ObjectMeta
		return &batchv1.CronJob{TypeMeta: kind, ObjectMeta: meta, Spec: batchv1.CronJobSpec{Schedule: "* * * * *", JobTemplate: job}}
	case "Pod":
		pod := &corev1.Pod{TypeMeta: kind, ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: template.Spec}
		pod.Name, pod.Namespace = d.name, d.namespace
		return pod
	}
	return map[string]any{
		"apiVersion": version, "kind": d.kind, "metadata": meta,
		"spec": map[string]any{"replicas": 1, "selector": map[string]string{"app": "web"}, "template": template},
	}
}

func (d *draft) template() corev1.PodTemplateSpec {
	meta := *d.meta.DeepCopy()
	meta.Namespace = d.podNamespace
	return corev1.PodTemplateSpec{ObjectMeta: meta, Spec: *d.spec.DeepCopy()}
}

// request asks for a pod of the workload, as its controller makes it.
func (d *draft) request() (*Request, error) {
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: *d.meta.DeepCopy(), Spec: *d.spec.DeepCopy()}
	d.own(pod)
	if d.owner != nil {
		d.owner(pod)
	}
	namespace := d.namespace
	if namespace == "" {
		namespace = "default"
	}
	if d.oneIn(2) {
		pod.Namespace = namespace
	}
	raw, err := json.Marshal(pod)
	return &Request{Pod: raw, Namespace: namespace, Path: d.path, ProxyConfigs: d.proxyConfigs}, err
}

const hash = "6d4cf56db6"

// own makes the pod one of the workload's.
func (d *draft) own(pod *corev1.Pod) {
	version, kind, owner := "apps/v1", d.kind, d.name
	switch d.kind {
	case "Pod":
		pod.Name = d.name
		return
	case "Deployment":
		kind, owner = "ReplicaSet", d.name+"-"+hash
		setLabel(pod, "pod-template-hash", hash)
	case "Rollout":
		kind, owner = "ReplicaSet", d.name+"-"+hash
		setLabel(pod, "rollouts-pod-template-hash", hash)
	case "CronJob":
		version, kind, owner = "batch/v1", "Job", d.name+"-27543210"
	case "Job":
		version = "batch/v1"
	case "ReplicationController":
		version = "v1"
	case "DeploymentConfig":
		version, kind, owner = "v1", "ReplicationController", d.name+"-1"
		setLabel(pod, "deploymentconfig", d.name)
	}
	pod.GenerateName = owner + "-"
	controller := true
	pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: owner, UID: "1", Controller: &controller}}
}

// owner makes the pod one of something less usual.
func owner(d *draft) {
	yes, no := true, false
	ref := func(pod *corev1.Pod, version, kind, name string, controller *bool) {
		pod.Name, pod.GenerateName = "", name+"-"
		pod.OwnerReferences = append(pod.OwnerReferences, metav1.OwnerReference{APIVersion: version, Kind: kind, Name: name, UID: "2", Controller: controller})
	}
	owners := []struct {
		name string
		make func(pod *corev1.Pod)
	}{
		{"none", func(pod *corev1.Pod) { pod.OwnerReferences = nil }},
		{"named", func(pod *corev1.Pod) { pod.Name = "named" }},
		{"not-generated", func(pod *corev1.Pod) { pod.Name, pod.GenerateName = "named", "" }},
		{"no-controller", func(pod *corev1.Pod) { pod.OwnerReferences = nil; ref(pod, "apps/v1", "ReplicaSet", "web", &no) }},
		{"controller-unset", func(pod *corev1.Pod) { pod.OwnerReferences = nil; ref(pod, "apps/v1", "ReplicaSet", "web", nil) }},
		{"second", func(pod *corev1.Pod) { ref(pod, "example.com/v1", "Second", "second", &yes) }},
		{"other-hash", func(pod *corev1.Pod) { setLabel(pod, "pod-template-hash", "other") }},
		{"custom", func(pod *corev1.Pod) {
			pod.OwnerReferences = nil
			ref(pod, "example.com/v1", "Machine", "custom-machine", &yes)
		}},
		{"rollout", func(pod *corev1.Pod) {
			pod.OwnerReferences = nil
			delete(pod.Labels, "pod-template-hash")
			setLabel(pod, "rollouts-pod-template-hash", "abc")
			ref(pod, "apps/v1", "ReplicaSet", "roll-abc", &yes)
		}},
		{"job-of-cronjob", func(pod *corev1.Pod) {
			pod.OwnerReferences = nil
			ref(pod, "batch/v1", "Job", pick(d, "tick-12345678", "tick-1234567890", "tick-1234567", "tick-12345678901", "tick-12345678-x"), &yes)
		}},
		{"deployment-config", func(pod *corev1.Pod) {
			pod.OwnerReferences = nil
			setLabel(pod, "deploymentconfig", pick(d, "dc", ""))
			ref(pod, "v1", "ReplicationController", "dc-3", &yes)
		}},
	}
	chosen := pick(d, owners...)
	d.note(chosen.name)
	d.owner = chosen.make
}

func setLabel(pod *corev1.Pod, key, value string) {
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[key] = value
}
