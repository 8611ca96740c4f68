package templates

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// objects reads an annotation that is a JSON object of objects, the form in which
// a pod says which volumes the proxy is to have. It returns the inner ones in the
// order of their keys, each with its key as its name.
func (a asking) objects(annotation string) ([]map[string]any, error) {
	encoded := a.meta.Annotations[annotation]
	if encoded == "" {
		return nil, nil
	}
	var byName map[string]map[string]any
	if err := json.Unmarshal([]byte(encoded), &byName); err != nil {
		return nil, fmt.Errorf("annotation %s has to be a JSON object of names and objects: %w", annotation, err)
	}
	result := make([]map[string]any, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		object := byName[name]
		if object == nil {
			object = map[string]any{}
		}
		object["name"] = name
		result = append(result, object)
	}
	return result, nil
}
