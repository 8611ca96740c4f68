package templates

import (
	_ "embed"
	"fmt"
	"maps"

	"sigs.k8s.io/yaml"
)

//go:embed defaults.yaml
var defaults []byte

// Values are an operator's settings in the tree of Istio's Helm values, and in
// the form of the key values of Istio's ConfigMap istio-sidecar-injector. The
// zero Values hold nothing.
type Values struct {
	tree map[string]any
}

// DefaultValues returns the values that the embedded templates are made for.
func DefaultValues() Values {
	values, err := ParseValues(defaults)
	if err != nil {
		panic(err) // the text is part of this binary
	}
	return values
}

// ParseValues reads values from YAML or JSON. It fails where text is neither, is
// not an object, or says one key twice.
func ParseValues(text []byte) (Values, error) {
	var values Values
	if err := yaml.UnmarshalStrict(text, &values.tree); err != nil {
		return Values{}, fmt.Errorf("cannot read values: %w", err)
	}
	return values, nil
}

// With returns v with over laid on top, as Helm does it: objects merge key by
// key, anything else replaces, and null removes. Neither is changed.
func (v Values) With(over Values) Values {
	return Values{merged(v.tree, over.tree)}
}

func merged(under, over map[string]any) map[string]any {
	result := maps.Clone(under)
	if result == nil {
		result = make(map[string]any, len(over))
	}
	for key, value := range over {
		below, _ := result[key].(map[string]any)
		above, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(result, key)
		case isObject:
			result[key] = merged(below, above)
		default:
			result[key] = value
		}
	}
	return result
}

// Map returns the tree, for Data. Every number in it is a float64, as in Istio's
// injector. It must not be changed.
func (v Values) Map() map[string]any { return v.tree }

// Bool reports whether true stands at path.
func (v Values) Bool(path ...string) bool {
	value, _ := v.at(path).(bool)
	return value
}

// Text returns what stands at path, or nothing where that is null, an object or a
// list. A number is written as Istio's injector writes it, so that an unquoted
// tag 1.10 is 1.1.
func (v Values) Text(path ...string) string {
	switch value := v.at(path).(type) {
	case string:
		return value
	case float64, bool:
		return fmt.Sprint(value)
	default:
		return ""
	}
}

func (v Values) at(path []string) any {
	var at any = v.tree
	for _, key := range path {
		node, _ := at.(map[string]any)
		at = node[key]
	}
	return at
}
