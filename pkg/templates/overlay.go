package templates

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// An Overlay is what a template adds to a pod, in the template's order; labels
// and annotations are sorted by key. It is shared: read it, never change it.
type Overlay struct {
	Labels, Annotations                                   []Element
	InitContainers, Containers, Volumes, ImagePullSecrets []Element
}

// An Element is one addition, ready to be placed: a label or annotation, whose
// name is its key, or a container, volume or pull secret.
type Element struct {
	Name string
	// JSON is the encoded value. Of a container it holds exactly what the template
	// says, with no field that is merely empty.
	JSON json.RawMessage
}

// fragment is the part of a pod that a template may write. Every other field is
// an error, because it would be dropped in silence.
type fragment struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		InitContainers   []json.RawMessage `json:"initContainers"`
		Containers       []json.RawMessage `json:"containers"`
		Volumes          []json.RawMessage `json:"volumes"`
		ImagePullSecrets []json.RawMessage `json:"imagePullSecrets"`
	} `json:"spec"`
}

func parseOverlay(text []byte) (*Overlay, error) {
	encoded, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	var parsed fragment
	if err := decodeStrictly(encoded, &parsed); err != nil {
		return nil, err
	}
	spec := parsed.Spec
	overlay := &Overlay{
		Labels:      pairs(parsed.Metadata.Labels),
		Annotations: pairs(parsed.Metadata.Annotations),
	}
	if overlay.InitContainers, err = elements[corev1.Container]("spec.initContainers", spec.InitContainers); err != nil {
		return nil, err
	}
	if overlay.Containers, err = elements[corev1.Container]("spec.containers", spec.Containers); err != nil {
		return nil, err
	}
	if overlay.Volumes, err = elements[corev1.Volume]("spec.volumes", spec.Volumes); err != nil {
		return nil, err
	}
	overlay.ImagePullSecrets, err = elements[corev1.LocalObjectReference]("spec.imagePullSecrets", spec.ImagePullSecrets)
	return overlay, err
}

// elements checks each item of a list against T, a type of the Kubernetes API,
// and keeps the bytes. A field that T lacks is refused: in a template it is a
// slip of the pen, and the API server would drop it without a word.
func elements[T any](field string, items []json.RawMessage) ([]Element, error) {
	result := make([]Element, 0, len(items))
	for i, item := range items {
		var named struct {
			Name string `json:"name"`
		}
		var typed T
		if err := decodeStrictly(item, &typed); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", field, i, err)
		}
		if err := json.Unmarshal(item, &named); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", field, i, err)
		}
		if named.Name == "" {
			return nil, fmt.Errorf("%s[%d] has no name", field, i)
		}
		if slices.ContainsFunc(result, func(e Element) bool { return e.Name == named.Name }) {
			return nil, fmt.Errorf("%s[%d] repeats the name %q", field, i, named.Name)
		}
		result = append(result, Element{Name: named.Name, JSON: item})
	}
	return result, nil
}

func pairs(from map[string]string) []Element {
	result := make([]Element, 0, len(from))
	for _, key := range slices.Sorted(maps.Keys(from)) {
		result = append(result, Element{Name: key, JSON: quoted(from[key])})
	}
	return result
}

func decodeStrictly(encoded []byte, into any) error {
	strict, err := kjson.UnmarshalStrict(encoded, into)
	if err != nil {
		return err
	}
	if len(strict) > 0 {
		return strict[0]
	}
	return nil
}
