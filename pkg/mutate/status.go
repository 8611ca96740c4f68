package mutate

import (
	"encoding/json"

	"github.com/meshward/meshward/pkg/templates"
)

// status returns the annotation that marks a pod as injected. It lists by name
// what the template consists of, and null for what it has none of: tools of the
// mesh read this record, and Istio's CNI plugin acts on pods that have it.
func status(overlay *templates.Overlay, revision string) templates.Element {
	record, err := json.Marshal(struct {
		InitContainers   []string `json:"initContainers"`
		Containers       []string `json:"containers"`
		Volumes          []string `json:"volumes"`
		ImagePullSecrets []string `json:"imagePullSecrets"`
		Revision         string   `json:"revision"`
	}{
		names(overlay.InitContainers),
		names(overlay.Containers),
		names(overlay.Volumes),
		names(overlay.ImagePullSecrets),
		revision,
	})
	if err != nil {
		panic(err) // strings always have an encoding
	}
	return templates.Element{Name: statusAnnotation, JSON: jsonString(string(record))}
}

func names(elements []templates.Element) []string {
	if len(elements) == 0 {
		return nil
	}
	result := make([]string, 0, len(elements))
	for _, element := range elements {
		result = append(result, element.Name)
	}
	return result
}
