package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// An Overlay is what a template lays over a pod: a strategic merge patch, taken apart
// where it only adds. It is shared: read it, never change it.
type Overlay struct {
	// Labels and Annotations are sorted by key. Those of the template win.
	Labels, Annotations        []Pair
	InitContainers, Containers []Container
	Volumes, ImagePullSecrets  []Element

	// Plain is true where it only adds the above: it has no directive, and writes no other
	// field of the pod.
	Plain bool
	// Unknown are fields that no pod has, which nobody will see: slips of the pen.
	Unknown []string

	patch []byte
	// filling returns the patch, where it has yet to be filled in; else it is nil.
	filling func() []byte
}

// A Pair is a label or an annotation.
type Pair struct{ Key, Value string }

// An Element is one item of a list, ready to be placed.
type Element struct {
	Name string
	// JSON is the encoded value: what the template says and the Kubernetes API knows.
	JSON json.RawMessage
}

// A Container is an Element with what it says.
type Container struct {
	Element

	Spec *corev1.Container
}

// Patch returns the whole overlay as a strategic merge patch, a tree of the caller's own. It
// has no unknown fields, which cannot be merged. Numbers in it are json.Number, so that none
// loses digits.
func (o *Overlay) Patch() (map[string]any, error) {
	if o.filling != nil {
		return treeOf(o.filling())
	}
	return treeOf(o.patch)
}

func treeOf(encoded []byte) (map[string]any, error) {
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("cannot read the rendered template: %w", err)
	}
	return tree, nil
}

// HasInit reports whether the overlay has an init container of a name.
func (o *Overlay) HasInit(name string) bool {
	return slices.ContainsFunc(o.InitContainers, func(c Container) bool { return c.Name == name })
}

// Native returns the overlay with what it says of a container among the application's said
// of the init container of that name, which is where a native proxy is. So a template need
// not know which kind of proxy another one makes.
func (o *Overlay) Native(container string) (*Overlay, error) {
	if !slices.ContainsFunc(o.Containers, func(c Container) bool { return c.Name == container }) {
		return o, nil
	}
	patch, err := o.Patch()
	if err != nil {
		return nil, err
	}
	spec, _ := patch["spec"].(map[string]any)
	from, _ := spec["containers"].([]any)
	to, _ := spec["initContainers"].([]any)
	is := func(item any) bool {
		fields, _ := item.(map[string]any)
		return fields["name"] == container
	}
	for _, item := range from {
		if is(item) {
			to = append(to, item)
		}
	}
	spec["containers"], spec["initContainers"] = slices.DeleteFunc(from, is), to
	delete(spec, "$setElementOrder/containers") // it speaks of the one that is gone
	text, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	return readOverlay(text)
}

// fragment is a pod that may take labels and annotations away.
type fragment struct {
	metav1.TypeMeta

	Metadata struct {
		metav1.ObjectMeta

		Labels      map[string]*string `json:"labels"`
		Annotations map[string]*string `json:"annotations"`
	} `json:"metadata"`
	Spec   corev1.PodSpec   `json:"spec"`
	Status corev1.PodStatus `json:"status"`
}

func parseOverlay(text []byte) (*Overlay, error) {
	encoded, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	return readOverlay(encoded)
}

// readOverlay makes an overlay of a strategic merge patch.
func readOverlay(patch []byte) (*Overlay, error) {
	var parsed fragment
	unknown, err := kjson.UnmarshalStrict(patch, &parsed, kjson.DisallowUnknownFields)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(patch, []byte(`"$patch"`)) {
		parsed = fragment{}
		if err := decodeAdded(patch, &parsed); err != nil {
			return nil, err
		}
	}
	overlay := &Overlay{
		Labels:      pairs(parsed.Metadata.Labels),
		Annotations: pairs(parsed.Metadata.Annotations),

		InitContainers:   containers(parsed.Spec.InitContainers),
		Containers:       containers(parsed.Spec.Containers),
		Volumes:          elements(parsed.Spec.Volumes, func(v *corev1.Volume) string { return v.Name }),
		ImagePullSecrets: elements(parsed.Spec.ImagePullSecrets, func(r *corev1.LocalObjectReference) string { return r.Name }),
	}
	if overlay.patch, overlay.Unknown, err = withoutUnknown(patch, unknown); err != nil {
		return nil, err
	}
	adds, err := onlyAdds(overlay.patch)
	overlay.Plain = adds && overlay.named()
	return overlay, err
}

// named reports whether all items have names of their own, by which they are told apart.
func (o *Overlay) named() bool {
	var inits, containers []Element
	for _, c := range o.InitContainers {
		inits = append(inits, c.Element)
	}
	for _, c := range o.Containers {
		containers = append(containers, c.Element)
	}
	for _, list := range [][]Element{inits, containers, o.Volumes, o.ImagePullSecrets} {
		for i, element := range list {
			if element.Name == "" || slices.ContainsFunc(list[:i], func(e Element) bool { return e.Name == element.Name }) {
				return false
			}
		}
	}
	return true
}

// decodeAdded decodes a patch without the items of its lists that only say how they are to
// be merged.
func decodeAdded(patch []byte, into *fragment) error {
	tree, err := treeOf(patch)
	if err != nil {
		return err
	}
	spec, _ := tree["spec"].(map[string]any)
	for field, value := range spec {
		if items, is := value.([]any); is {
			spec[field] = slices.DeleteFunc(items, directed)
		}
	}
	added, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	return kjson.UnmarshalCaseSensitivePreserveInts(added, into)
}

func directed(item any) bool {
	fields, _ := item.(map[string]any)
	_, is := fields["$patch"]
	return is
}

// onlyAdds reports whether a patch writes nothing but the fields that an Overlay has, and
// says nowhere how it is to be merged.
func onlyAdds(patch []byte) (bool, error) {
	if bytes.Contains(patch, []byte(`"$`)) || bytes.Contains(patch, []byte("null")) {
		tree, err := treeOf(patch)
		if err != nil || directs(tree) {
			return false, err
		}
	}
	var pod map[string]json.RawMessage
	if err := json.Unmarshal(patch, &pod); err != nil {
		return false, err
	}
	for part, value := range pod {
		var known []string
		switch part {
		case "metadata":
			known = []string{"labels", "annotations"}
		case "spec":
			known = []string{"initContainers", "containers", "volumes", "imagePullSecrets"}
		}
		if only, err := hasOnly(value, known); !only {
			return false, err
		}
	}
	return true, nil
}

// hasOnly reports whether an object is there and has no fields but known ones. A null takes
// away what the pod has there.
func hasOnly(object json.RawMessage, known []string) (bool, error) {
	if known == nil || isNull(object) {
		return false, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return false, err
	}
	for field, value := range fields {
		if isNull(value) || !slices.Contains(known, field) {
			return false, nil
		}
	}
	return true, nil
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// directs reports whether anything in a patch is a directive: a key with a dollar sign, or a
// null among labels and annotations, which takes away.
func directs(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if strings.HasPrefix(key, "$") || (key == "labels" || key == "annotations") && takesAway(inner) || directs(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, directs)
	}
	return false
}

func takesAway(pairs any) bool {
	fields, _ := pairs.(map[string]any)
	for _, value := range fields {
		if value == nil {
			return true
		}
	}
	return false
}

func containers(from []corev1.Container) []Container {
	var result []Container
	for i, element := range elements(from, func(c *corev1.Container) string { return c.Name }) {
		result = append(result, Container{element, &from[i]})
	}
	return result
}

func elements[T any](items []T, name func(*T) string) []Element {
	var result []Element
	for i := range items {
		encoded, err := json.Marshal(&items[i])
		if err != nil {
			panic(err) // types of the Kubernetes API that were read from JSON have one
		}
		result = append(result, Element{Name: name(&items[i]), JSON: encoded})
	}
	return result
}

func pairs(from map[string]*string) []Pair {
	result := make([]Pair, 0, len(from))
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if value := from[key]; value != nil {
			result = append(result, Pair{key, *value})
		}
	}
	return result
}
