package mutate

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// patch returns the operations that make the draft of the pod.
func (d *draft) patch() (Patch, error) {
	p := make(Patch, 0, 32) // more than the embedded template needs
	if lacks(d.raw, "metadata", &d.pod.ObjectMeta) {
		p = append(p, add("/metadata", json.RawMessage(`{}`)))
	}
	if lacks(d.raw, "spec", &d.pod.Spec) {
		p = append(p, add("/spec", json.RawMessage(`{}`)))
	}
	p = p.members("/metadata/labels", d.pod.Labels, d.labels)
	p = p.members("/metadata/annotations", d.pod.Annotations, d.annotations)
	for _, l := range d.lists() {
		var err error
		if p, err = p.list(l, d); err != nil {
			return nil, err
		}
	}
	return d.others(p)
}

// members makes one object of labels or annotations into another.
func (p Patch) members(path string, was, now map[string]string) Patch {
	if was == nil {
		if len(now) == 0 {
			return p
		}
		return append(p, add(path, object(now)))
	}
	for _, key := range sortedKeys(was) {
		if _, kept := now[key]; !kept {
			p = append(p, remove(path+"/"+pointerEscapes.Replace(key)))
		}
	}
	for _, key := range sortedKeys(now) {
		if value, same := was[key]; !same || value != now[key] {
			p = append(p, add(path+"/"+pointerEscapes.Replace(key), appendString(nil, now[key])))
		}
	}
	return p
}

func sortedKeys(members map[string]string) []string {
	keys := slices.AppendSeq(make([]string, 0, len(members)), maps.Keys(members))
	slices.Sort(keys)
	return keys
}

// object is the JSON of labels or annotations.
func object(members map[string]string) json.RawMessage {
	size := len(`{}`)
	for key, value := range members {
		size += len(key) + len(value) + len(`"":"",`)
	}
	result := append(make([]byte, 0, size), '{')
	for i, key := range sortedKeys(members) {
		if i > 0 {
			result = append(result, ',')
		}
		result = append(appendString(result, key), ':')
		result = appendString(result, members[key])
	}
	return append(result, '}')
}

// list makes a list of the pod what it is by now. Where the pod's own items are there in
// their order, the others are put between them; else the list is written anew.
func (p Patch) list(l *list, d *draft) (Patch, error) {
	path := "/spec/" + l.field
	if !l.present {
		if len(l.items) == 0 {
			return p, nil
		}
		value, err := l.whole(d)
		return append(p, add(path, value)), err
	}
	if !l.inOrder() {
		value, err := l.whole(d)
		return append(p, replace(path, value)), err
	}
	for i := range l.items {
		it := &l.items[i]
		if it.from < 0 {
			continue
		}
		at := path + "/" + strconv.Itoa(it.from)
		if it.value != nil {
			value, err := it.edited(it.value)
			if err != nil {
				return nil, err
			}
			p = append(p, replace(at, value))
			continue
		}
		for _, edit := range it.edits {
			p = append(p, Operation{edit.Op, at + edit.Path, edit.Value})
		}
	}
	for i := range l.items {
		if l.items[i].from >= 0 {
			continue
		}
		value, err := l.items[i].edited(l.items[i].value)
		if err != nil {
			return nil, err
		}
		p = append(p, add(path+"/"+strconv.Itoa(i), value))
	}
	return p, nil
}

// inOrder reports whether all items that the creator wrote are there, in their order.
func (l *list) inOrder() bool {
	next := 0
	for i := range l.items {
		if l.items[i].from < 0 {
			continue
		}
		if l.items[i].from != next {
			return false
		}
		next++
	}
	return next == l.was
}

// whole is the list as it is by now.
func (l *list) whole(d *draft) (json.RawMessage, error) {
	var own []json.RawMessage
	if l.was > 0 {
		var err error
		if own, err = d.written(l.field); err != nil {
			return nil, err
		}
	}
	values := make([]json.RawMessage, len(l.items))
	for i := range l.items {
		it := &l.items[i]
		value, err := it.now(func() (json.RawMessage, error) { return own[it.from], nil })
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return array(values), nil
}

// array is the JSON of a list of values.
func array(values []json.RawMessage) json.RawMessage {
	size := len(`[]`)
	for _, value := range values {
		size += len(value) + len(`,`)
	}
	result := append(make([]byte, 0, size), '[')
	for i, value := range values {
		if i > 0 {
			result = append(result, ',')
		}
		result = append(result, value...)
	}
	return append(result, ']')
}

// others writes the other fields of metadata and spec that a template wrote.
func (d *draft) others(p Patch) (Patch, error) {
	if d.tree == nil {
		return p, nil
	}
	written, err := treeOf(d.raw)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		but  []string
	}{
		{"metadata", []string{"labels", "annotations"}},
		{"spec", []string{"initContainers", "containers", "volumes", "imagePullSecrets"}},
	} {
		was, now := branch(written, part.name), branch(d.tree, part.name)
		for _, field := range slices.Sorted(maps.Keys(now)) {
			if slices.Contains(part.but, field) || reflect.DeepEqual(was[field], now[field]) {
				continue
			}
			value, err := json.Marshal(now[field])
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", part.name, field, err)
			}
			p = append(p, add("/"+part.name+"/"+pointerEscapes.Replace(field), value))
		}
		for _, field := range slices.Sorted(maps.Keys(was)) {
			if _, kept := now[field]; !kept && !slices.Contains(part.but, field) {
				p = append(p, remove("/"+part.name+"/"+pointerEscapes.Replace(field)))
			}
		}
	}
	return p, nil
}
