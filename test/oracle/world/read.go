package world

import (
	"bytes"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Read reads a world as YAML writes it. It returns an error for what is no YAML, and for
// objects that no world holds.
func Read(text []byte) (*World, error) {
	w := &World{}
	for i, document := range bytes.Split(text, []byte("\n---\n")) {
		var kind struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
		o, err := blank(schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind))
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
		if err := yaml.UnmarshalStrict(document, o); err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
		w.Objects = append(w.Objects, o)
	}
	return w, nil
}

// blank is an object of some kind that says nothing yet.
func blank(gvk schema.GroupVersionKind) (Object, error) {
	for kind, gv := range groupVersions {
		if gv.WithKind(kind.Elem().Name()) == gvk {
			return reflect.New(kind.Elem()).Interface().(Object), nil
		}
	}
	return nil, fmt.Errorf("no world holds a %s", gvk)
}
