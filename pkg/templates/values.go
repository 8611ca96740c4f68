package templates

import (
	_ "embed"
	"fmt"
	"maps"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed defaults.yaml
var defaults []byte

// Values are an operator's settings in the tree of Istio's Helm values. Every
// number in them is a float64, as in Istio's injector.
type Values map[string]any

// DefaultValues returns the values that the embedded template is made for, in a
// tree of the caller's own.
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
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		return nil, fmt.Errorf("cannot read values: %w", err)
	}
	return values, nil
}

// With returns v with over laid on top, as Helm does it: objects merge key by
// key, anything else replaces, and null removes. Neither tree is changed.
func (v Values) With(over Values) Values {
	return merged(v, over)
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

// ProxyImage returns the image reference that global.hub, global.proxy.image and
// global.tag make. An image with a slash in it is a whole reference already.
//
// It fails where one of the three is missing or is not a string: an unquoted tag
// 1.30 is the number 1.3, and would run another release.
func (v Values) ProxyImage() (string, error) {
	image, err := v.text("global", "proxy", "image")
	if err != nil || strings.Contains(image, "/") {
		return image, err
	}
	hub, err := v.text("global", "hub")
	if err != nil {
		return "", err
	}
	tag, err := v.text("global", "tag")
	if err != nil {
		return "", err
	}
	return hub + "/" + image + ":" + tag, nil
}

// text returns the non-empty string at path.
func (v Values) text(path ...string) (string, error) {
	var at any = map[string]any(v)
	for _, key := range path {
		node, _ := at.(map[string]any)
		at = node[key]
	}
	text, ok := at.(string)
	if !ok || text == "" {
		return "", fmt.Errorf("values: %s is %v; set it to a string, in quotes where it looks like a number", strings.Join(path, "."), at)
	}
	return text, nil
}
