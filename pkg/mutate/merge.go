package mutate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	kjson "sigs.k8s.io/json"

	"github.com/meshward/meshward/pkg/templates"
)

// podSchema and containerSchema say how Kubernetes merges what is in them.
var podSchema, containerSchema = schemaOf(corev1.Pod{}), schemaOf(corev1.Container{})

func schemaOf(of any) strategicpatch.LookupPatchMeta {
	schema, err := strategicpatch.NewPatchMetaFromStruct(of)
	if err != nil {
		panic(err) // types of the Kubernetes API have one
	}
	return schema
}

// merge merges an overlay into the draft as Kubernetes merges a strategic merge patch,
// whatever it says. It works on trees of JSON, so that fields nobody here knows survive.
func (d *draft) merge(overlay *templates.Overlay) error {
	tree, err := d.asTree()
	if err != nil {
		return err
	}
	before := make(map[*list]map[string]json.RawMessage, len(d.lists()))
	for _, l := range d.lists() {
		if before[l], err = byName(branch(tree, "spec")[l.field]); err != nil {
			return err
		}
	}
	patch, err := overlay.Patch()
	if err != nil {
		return err
	}
	if d.tree, err = merged(tree, patch, podSchema); err != nil {
		return fmt.Errorf("cannot merge the template into the pod: %w", err)
	}
	dropDirectives(d.tree)
	metadata, spec := branch(d.tree, "metadata"), branch(d.tree, "spec")
	d.labels, d.annotations = texts(metadata["labels"]), texts(metadata["annotations"])
	for _, l := range d.lists() {
		if err := l.become(spec[l.field], before[l]); err != nil {
			return fmt.Errorf("spec.%s: %w", l.field, err)
		}
	}
	return nil
}

// merged is a tree with a strategic merge patch merged into it. The library panics where a
// list to be merged starts with null.
func merged(tree, patch map[string]any, schema strategicpatch.LookupPatchMeta) (result map[string]any, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = errors.New("a list holds what is no item; take null out of it")
		}
	}()
	return strategicpatch.StrategicMergeMapPatchUsingLookupPatchMeta(tree, patch, schema)
}

// dropDirectives takes out what a merge leaves of directives where there was nothing that
// they could be about. Other keys with a dollar sign are the pod's own, such as attributes
// of its volumes.
func dropDirectives(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if isDirective(key) {
				delete(value, key)
				continue
			}
			dropDirectives(inner)
		}
	case []any:
		for _, inner := range value {
			dropDirectives(inner)
		}
	}
}

func isDirective(key string) bool {
	name, _, _ := strings.Cut(key, "/")
	return slices.Contains([]string{"$patch", "$retainKeys", "$setElementOrder", "$deleteFromPrimitiveList"}, name)
}

func (d *draft) lists() []*list {
	return []*list{d.initContainers, d.containers, d.volumes, d.pullSecrets}
}

// asTree returns the draft as a tree of JSON.
func (d *draft) asTree() (map[string]any, error) {
	written, err := treeOf(d.raw)
	if err != nil {
		return nil, err
	}
	tree := d.tree
	if tree == nil {
		if tree, err = treeOf(d.raw); err != nil {
			return nil, err
		}
	}
	metadata, spec := branch(tree, "metadata"), branch(tree, "spec")
	metadata["labels"], metadata["annotations"] = members(d.labels), members(d.annotations)
	for _, l := range d.lists() {
		own, _ := branch(written, "spec")[l.field].([]any)
		items := make([]any, 0, len(l.items))
		for i := range l.items {
			item, err := l.items[i].asTree(own)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		spec[l.field] = items
		if len(items) == 0 && !l.present {
			delete(spec, l.field)
		}
	}
	if len(d.containers.items) == 0 {
		spec["containers"] = nil // as Kubernetes writes a pod without any
	}
	return tree, nil
}

// asTree returns the item as a tree of JSON, given its list as the creator wrote it.
func (it *item) asTree(own []any) (any, error) {
	value := it.value
	if value == nil {
		if len(it.edits) == 0 {
			return own[it.from], nil
		}
		value = encoded(own[it.from])
	}
	value, err := it.edited(value)
	if err != nil {
		return nil, err
	}
	return treeOf(value)
}

// become makes a merged list the items, given what they were before by name.
func (l *list) become(merged any, before map[string]json.RawMessage) error {
	was := l.items
	items, _ := merged.([]any)
	l.items = make([]item, 0, len(items))
	for _, value := range items {
		name := nameOf(value)
		it := item{name: name, from: -1, added: true}
		if i := slices.IndexFunc(was, func(it item) bool { return it.name == name }); i >= 0 {
			it = was[i]
		}
		now, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, before[name]) {
			it.value, it.edits = now, nil
			if err := it.read(l); err != nil {
				return err
			}
		}
		l.items = append(l.items, it)
	}
	return nil
}

// read makes the value of an item of containers what its container says.
func (it *item) read(of *list) error {
	if of.field != "containers" && of.field != "initContainers" {
		return nil
	}
	it.container = new(corev1.Container)
	if err := kjson.UnmarshalCaseSensitivePreserveInts(it.value, it.container); err != nil {
		return fmt.Errorf("container %q is no container after the template was merged into it: %w", it.name, err)
	}
	return nil
}

// mergeContainer merges a container over an item, as a strategic merge patch.
func (l *list) mergeContainer(over *corev1.Container, own func(field string, at int) (json.RawMessage, error)) error {
	it := l.find(over.Name)
	if it == nil {
		l.lay([]templates.Container{{Element: templates.Element{Name: over.Name, JSON: encoded(over)}, Spec: over}}, nil)
		return nil
	}
	value, err := it.now(func() (json.RawMessage, error) { return own(l.field, it.from) })
	if err != nil {
		return err
	}
	tree, err := treeOf(value)
	if err != nil {
		return err
	}
	patch, err := treeOf(encoded(over))
	if err != nil {
		return err
	}
	if tree, err = merged(tree, patch, containerSchema); err != nil {
		return fmt.Errorf("cannot merge container %q of the pod into that of the template: %w", over.Name, err)
	}
	it.value, it.edits = encoded(tree), nil
	return it.read(l)
}

func byName(items any) (map[string]json.RawMessage, error) {
	all, _ := items.([]any)
	result := make(map[string]json.RawMessage, len(all))
	for _, value := range all {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		result[nameOf(value)] = encoded
	}
	return result, nil
}

func nameOf(value any) string {
	fields, _ := value.(map[string]any)
	name, _ := fields["name"].(string)
	return name
}

// treeOf keeps numbers as they are written: no other type has room for all their digits.
func treeOf(value json.RawMessage) (map[string]any, error) {
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("cannot read the pod: %w", err)
	}
	return tree, nil
}

// branch returns an object in a tree, which is made where there is none.
func branch(tree map[string]any, key string) map[string]any {
	fields, is := tree[key].(map[string]any)
	if !is {
		fields = map[string]any{}
		tree[key] = fields
	}
	return fields
}

func members(from map[string]string) map[string]any {
	result := make(map[string]any, len(from))
	for key, value := range from {
		result[key] = value
	}
	return result
}

func texts(from any) map[string]string {
	fields, _ := from.(map[string]any)
	result := make(map[string]string, len(fields))
	for key, value := range fields {
		result[key], _ = value.(string)
	}
	return result
}
