package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
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
// has no unknown fields, which cannot be merged.
func (o *Overlay) Patch() (map[string]any, error) {
	var patch map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(o.patch, &patch); err != nil {
		return nil, fmt.Errorf("cannot read the rendered template: %w", err)
	}
	for _, path := range o.Unknown {
		prune(patch, strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) }))
	}
	return patch, nil
}

// prune takes a field out of a tree, if it is there.
func prune(tree any, path []string) {
	for len(path) > 1 {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[path[0]]
		case []any:
			i, err := strconv.Atoi(path[0])
			if err != nil || i >= len(node) {
				return
			}
			tree = node[i]
		default:
			return
		}
		path = path[1:]
	}
	if fields, is := tree.(map[string]any); is && len(path) > 0 {
		delete(fields, path[0])
	}
}

// fieldPath is the path that an error about an unknown field names.
func fieldPath(unknown error) string {
	_, path, _ := strings.Cut(unknown.Error(), `"`)
	return strings.TrimSuffix(path, `"`)
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
	return parseOverlay(text)
}

// fragment is the part of a pod that only adds.
type fragment struct {
	Metadata struct {
		Labels      map[string]*string `json:"labels"`
		Annotations map[string]*string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		InitContainers   []corev1.Container            `json:"initContainers"`
		Containers       []corev1.Container            `json:"containers"`
		Volumes          []corev1.Volume               `json:"volumes"`
		ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets"`
	} `json:"spec"`
}

func parseOverlay(text []byte) (*Overlay, error) {
	encoded, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	adds, err := withoutDirected(encoded)
	if err != nil {
		return nil, err
	}
	var parsed fragment
	if err := kjson.UnmarshalCaseSensitivePreserveInts(adds, &parsed); err != nil {
		return nil, err
	}
	unknown, err := kjson.UnmarshalStrict(encoded, new(corev1.Pod), kjson.DisallowUnknownFields)
	if err != nil {
		return nil, err
	}
	overlay := &Overlay{
		Labels:      pairs(parsed.Metadata.Labels),
		Annotations: pairs(parsed.Metadata.Annotations),
		patch:       encoded,
	}
	for _, field := range unknown {
		if path := fieldPath(field); !strings.Contains(path, "$") { // directives
			overlay.Unknown = append(overlay.Unknown, path)
		}
	}
	overlay.InitContainers = containers(parsed.Spec.InitContainers)
	overlay.Containers = containers(parsed.Spec.Containers)
	overlay.Volumes = elements(parsed.Spec.Volumes, func(v *corev1.Volume) string { return v.Name })
	overlay.ImagePullSecrets = elements(parsed.Spec.ImagePullSecrets, func(r *corev1.LocalObjectReference) string { return r.Name })
	patch, err := overlay.Patch()
	overlay.Plain = err == nil && onlyAdds(patch) && overlay.named()
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

// withoutDirected returns a patch without the items of its lists that only say how they are
// to be merged.
func withoutDirected(encoded []byte) ([]byte, error) {
	if !bytes.Contains(encoded, []byte(`"$patch"`)) {
		return encoded, nil
	}
	var patch map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(encoded, &patch); err != nil {
		return nil, err
	}
	spec, _ := patch["spec"].(map[string]any)
	for field, value := range spec {
		if items, is := value.([]any); is {
			spec[field] = slices.DeleteFunc(items, directed)
		}
	}
	return json.Marshal(patch)
}

func directed(item any) bool {
	fields, _ := item.(map[string]any)
	_, is := fields["$patch"]
	return is
}

// onlyAdds reports whether a patch writes nothing but the fields that an Overlay has, and
// says nowhere how it is to be merged.
func onlyAdds(patch map[string]any) bool {
	for key, value := range patch {
		fields, _ := value.(map[string]any)
		switch key {
		case "metadata":
			if !hasOnly(fields, "labels", "annotations") {
				return false
			}
		case "spec":
			if !hasOnly(fields, "initContainers", "containers", "volumes", "imagePullSecrets") {
				return false
			}
		default:
			return false
		}
	}
	return !directs(patch)
}

// hasOnly reports whether nothing but known fields is written. A null takes away what the pod
// has there.
func hasOnly(fields map[string]any, known ...string) bool {
	for field, value := range fields {
		if value == nil || !slices.Contains(known, field) {
			return false
		}
	}
	return true
}

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
