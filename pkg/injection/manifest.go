package injection

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// Value returns the value of a key of one of Istio's ConfigMaps from a file: one that holds
// the value alone, as a mounted ConfigMap has it, or the whole ConfigMap, as kubectl prints
// it.
func Value(path, key string) ([]byte, error) {
	s, err := open(path)
	if err != nil {
		return nil, err
	}
	return s.value(key)
}

// A setting is a file with settings.
type setting struct {
	path string
	text []byte
	// data is what a whole ConfigMap holds; nil where the file holds a value alone.
	data map[string]string
}

func open(path string) (*setting, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var object struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Data       map[string]string `json:"data"`
	}
	if err := yaml.Unmarshal(text, &object); err != nil || object.APIVersion == "" || object.Kind == "" {
		return &setting{path: path, text: text}, nil //nolint:nilerr // a value need not be an object; whoever takes it says what is wrong with it
	}
	if object.Kind != "ConfigMap" {
		return nil, fmt.Errorf("%s: this is no ConfigMap and no value of one of its keys, but of kind %s", path, object.Kind)
	}
	if object.Data == nil {
		object.Data = map[string]string{}
	}
	return &setting{path: path, data: object.Data}, nil
}

// value is what the file says of the key that it is there for.
func (s *setting) value(key string) ([]byte, error) {
	if s.data == nil {
		return s.text, nil
	}
	value, has := s.data[key]
	if !has {
		return nil, fmt.Errorf("%s: this ConfigMap has no key %q", s.path, key)
	}
	return []byte(value), nil
}

// besides is what the file says of another key, and nil where it says nothing.
func (s *setting) besides(key string) []byte {
	value, has := s.data[key]
	if !has {
		return nil
	}
	return []byte(value)
}
