package mutate

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
)

// rendered is what the templates of a pod come to without the pod.
type rendered struct{ draft }

// noPod is what templates by themselves are laid over.
var noPod = new(corev1.Pod)

func newRendered() *rendered {
	r := &rendered{draft{raw: json.RawMessage(`{}`), pod: noPod, labels: map[string]string{}, annotations: map[string]string{}}}
	r.list(&noPod.Spec)
	return r
}

// status returns the value of the annotation that marks a pod as injected. It lists by name
// what the templates consist of, and null for what they have none of: tools of the mesh
// read this record, and Istio's CNI plugin acts on pods that have it.
func (r *rendered) status(revision string) string {
	record, err := json.Marshal(struct {
		InitContainers   []string `json:"initContainers"`
		Containers       []string `json:"containers"`
		Volumes          []string `json:"volumes"`
		ImagePullSecrets []string `json:"imagePullSecrets"`
		Revision         string   `json:"revision"`
	}{r.initContainers.names(), r.containers.names(), r.volumes.names(), r.pullSecrets.names(), revision})
	if err != nil {
		panic(err) // strings always have an encoding
	}
	return string(record)
}
