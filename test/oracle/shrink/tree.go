package shrink

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/meshward/meshward/test/oracle/world"
)

// tree is an object as JSON has it.
type tree struct {
	kind string
	like reflect.Type // what the object is decoded to
	root map[string]any
}

// place is where something is in a tree: keys and indexes, from the outside in.
type place []any

// treeOf is an object as a tree of its own. It panics for an object that JSON cannot
// hold, which no world has.
func treeOf(o world.Object) *tree {
	t := &tree{kind: world.KindOf(o), like: reflect.TypeOf(o).Elem()}
	raw, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(raw, &t.root)
	}
	if err != nil {
		panic(fmt.Sprintf("shrink: %s: %v", world.RefOf(o), err))
	}
	delete(t.root, "status")
	return t
}

// text is the tree as JSON, the same for equal trees.
func (t *tree) text() string {
	raw, err := json.Marshal(t.root)
	if err != nil {
		panic(fmt.Sprintf("shrink: %s: %v", t.kind, err))
	}
	return t.kind + string(raw)
}

// object decodes the tree.
func (t *tree) object() (world.Object, bool) {
	raw, err := json.Marshal(t.root)
	if err != nil {
		return nil, false
	}
	object, is := reflect.TypeAssert[world.Object](reflect.New(t.like))
	if !is || json.Unmarshal(raw, object) != nil {
		return nil, false
	}
	return object, true
}

// places are all places whose content may be taken away, each before those inside it.
func (t *tree) places() []place {
	var all []place
	metadata, _ := t.root["metadata"].(map[string]any)
	for _, key := range []string{"annotations", "labels"} {
		if content, there := metadata[key]; there {
			all = append(append(all, place{"metadata", key}), inside(content, place{"metadata", key})...)
		}
	}
	return append(all, inside(t.root["spec"], place{"spec"})...)
}

func inside(node any, at place) []place {
	var all []place
	add := func(step, content any) {
		here := append(slices.Clone(at), step)
		all = append(append(all, here), inside(content, here)...)
	}
	switch node := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			add(key, node[key])
		}
	case []any:
		for i, content := range node {
			add(i, content)
		}
	}
	return all
}

// without is the object without what is at a place, and without what would be left
// empty around it. It returns false where no object can be without that. It changes the
// tree.
func (t *tree) without(at place) (world.Object, bool) {
	for t.alone(at) {
		at = at[:len(at)-1]
	}
	if len(at) < 2 || t.needs(at) {
		return nil, false
	}
	t.remove(at)
	return t.object()
}

// alone reports whether what is around a place holds nothing else.
func (t *tree) alone(at place) bool {
	if len(at) < 2 {
		return false
	}
	switch around := t.at(at[:len(at)-1]).(type) {
	case map[string]any:
		return len(around) == 1
	case []any:
		return len(around) == 1
	}
	return false
}

// at is what is at a place, nil where nothing is.
func (t *tree) at(at place) any {
	var node any = t.root
	for _, step := range at {
		node = child(node, step)
	}
	return node
}

func child(node, step any) any {
	switch node := node.(type) {
	case map[string]any:
		if key, is := step.(string); is {
			return node[key]
		}
	case []any:
		if i, is := step.(int); is && i < len(node) {
			return node[i]
		}
	}
	return nil
}

func (t *tree) remove(at place) {
	around, last := at[:len(at)-1], at[len(at)-1]
	switch node := t.at(around).(type) {
	case map[string]any:
		if key, is := last.(string); is {
			delete(node, key)
		}
	case []any:
		if i, is := last.(int); is {
			t.set(around, slices.Delete(node, i, i+1))
		}
	}
}

// set puts something in the place of what is there.
func (t *tree) set(at place, content any) {
	around, last := t.at(at[:len(at)-1]), at[len(at)-1]
	switch node := around.(type) {
	case map[string]any:
		if key, is := last.(string); is {
			node[key] = content
		}
	case []any:
		if i, is := last.(int); is {
			node[i] = content
		}
	}
}
