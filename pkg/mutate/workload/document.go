package workload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/mutate"
)

// document is one document that is being looked through.
type document struct {
	*run
	chunk

	root   yamlv3.Node
	strict bool // it was made sure that no key is there twice
}

// parse reads the document's tree, for the lines of what is in it, and makes sure
// that it is one document: who reads YAML stops behind the first and would lose
// the rest.
func (d *document) parse() error {
	decoder := yamlv3.NewDecoder(bytes.NewReader(d.text))
	var next yamlv3.Node
	if decoder.Decode(&d.root) == nil && !errors.Is(decoder.Decode(&next), io.EOF) {
		return errors.New(`there is more behind this document; put "---" between the two`)
	}
	return nil
}

// unambiguous makes sure that no key is there twice: the first value would not be
// seen, and be lost. It says so once, however many workloads the document holds.
func (d *document) unambiguous() error {
	if d.strict {
		return nil
	}
	d.strict = true
	if _, err := yaml.YAMLToJSONStrict(d.text); err != nil {
		return d.unreadable(d.chunk, err)
	}
	return nil
}

// object returns the JSON of what replaces an object of the document, or nil where
// it stays. Text is the object's own YAML or JSON, raw its JSON, and items says
// where it stands in lists.
func (d *document) object(text, raw []byte, items []int) ([]byte, error) {
	h := headerOf(raw)
	if h == listHeader {
		return d.list(text, raw, items)
	}
	kind := kindOf(h)
	if kind == nil {
		if why := passedOver(h); why != "" {
			d.report(Outcome{Kind: h.Kind, Warnings: []string{why}}, raw, items)
		}
		return nil, nil
	}
	if err := d.unambiguous(); err != nil {
		return nil, err
	}
	o := kind()
	if err := yaml.Unmarshal(text, o.value); err != nil {
		return nil, d.failed(h.Kind, raw, items, withoutPreamble(err))
	}
	out, err := d.workload(h, o, raw, items)
	if err != nil {
		return nil, d.failed(h.Kind, raw, items, err)
	}
	return out, nil
}

func (d *document) workload(h header, o object, raw []byte, items []int) ([]byte, error) {
	metadata, spec := o.template()
	if spec == nil {
		d.report(Outcome{Kind: h.Kind, Warnings: []string{"no-template: it holds no pod template"}}, raw, items)
		return nil, nil
	}
	pod := &corev1.Pod{ObjectMeta: *metadata.DeepCopy(), Spec: *spec.DeepCopy()}
	of := mutate.Workload{APIVersion: h.APIVersion, Kind: h.Kind, Namespace: o.meta.Namespace, Name: o.meta.Name}
	if _, isPod := o.value.(*corev1.Pod); isPod {
		of = mutate.WorkloadOf(pod, pod.Namespace)
	}
	injected, warnings, err := d.inject(pod, of)
	if err != nil {
		return nil, err
	}
	d.report(Outcome{Kind: h.Kind, Injected: injected != nil, Warnings: warnings}, raw, items)
	if injected == nil {
		return nil, nil
	}
	*metadata, *spec = injected.ObjectMeta, injected.Spec
	return encode(o.value, raw)
}

// list returns a List with those items replaced that were injected, or nil where
// none was.
func (d *document) list(text, raw []byte, items []int) ([]byte, error) {
	var list corev1.List
	if err := yaml.Unmarshal(text, &list); err != nil {
		return nil, d.failed("List", raw, items, withoutPreamble(err))
	}
	changed := false
	var problems []error
	for i, item := range list.Items {
		at := append(append(make([]int, 0, len(items)+1), items...), i)
		out, err := d.object(item.Raw, item.Raw, at)
		problems = append(problems, err)
		if out != nil {
			list.Items[i].Raw = out
			changed = true
		}
	}
	if err := errors.Join(problems...); err != nil || !changed {
		return nil, err
	}
	return encode(&list, raw)
}

// encode returns the JSON of an object, with the fields of raw that its type does
// not know.
func encode(value any, raw []byte) ([]byte, error) {
	out, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	before, err := decode(raw)
	if err != nil {
		return nil, err
	}
	after, err := decode(out)
	if err != nil {
		return nil, err
	}
	return json.Marshal(keep(before, after, reflect.TypeOf(value)))
}

// decode reads JSON and keeps every number as it is written.
func decode(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// report remembers what became of a workload.
func (d *document) report(o Outcome, raw []byte, items []int) {
	o.File, o.Line = d.file, d.lineOf(items)
	o.Namespace, o.Name = named(raw)
	o.Warnings = slices.Clone(o.Warnings)
	for i, warning := range o.Warnings {
		o.Warnings[i] = printable(warning)
	}
	d.outcomes = append(d.outcomes, o)
}

// failed is the error of an object in one line.
func (d *document) failed(kind string, raw []byte, items []int, err error) error {
	namespace, name := named(raw)
	o := Outcome{File: d.file, Line: d.lineOf(items), Kind: kind, Namespace: namespace, Name: name}
	return &objectError{o.Subject() + ": " + printable(err.Error()), err}
}

// objectError says in one line what is wrong with an object, whatever its cause
// has to say.
type objectError struct {
	text  string
	cause error
}

func (e *objectError) Error() string { return e.text }

func (e *objectError) Unwrap() error { return e.cause }

func withoutPreamble(err error) error {
	text := err.Error()
	for _, preamble := range []string{"error unmarshaling JSON: ", "while decoding JSON: ", "error converting YAML to JSON: ", "yaml: ", "unmarshal errors:\n", "json: "} {
		text = strings.TrimPrefix(text, preamble)
	}
	return errors.New(strings.TrimSpace(text))
}

// lineOf is the line of an object of the document, which stands in so many lists.
func (d *document) lineOf(items []int) int {
	if len(d.root.Content) == 0 {
		return d.start()
	}
	node, line := d.root.Content[0], d.start()
	for _, i := range items {
		list := field(node, "items")
		if list == nil || i >= len(list.Content) {
			break
		}
		node = list.Content[i]
		line = d.line + node.Line - 1
	}
	return line
}

// field returns the value of a field, or nil. Of a node that stands for another
// it is that one's.
func field(node *yamlv3.Node, name string) *yamlv3.Node {
	if node.Kind == yamlv3.AliasNode {
		node = node.Alias
	}
	if node.Kind != yamlv3.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}
