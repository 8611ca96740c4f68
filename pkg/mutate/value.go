package mutate

import (
	"encoding/json"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	kjson "sigs.k8s.io/json"
)

// now returns an item as it is by now, given how to get at what its creator wrote.
func (it *item) now(written func() (json.RawMessage, error)) (json.RawMessage, error) {
	value := it.value
	if value == nil {
		var err error
		if value, err = written(); err != nil {
			return nil, err
		}
	}
	return it.edited(value)
}

// edited returns a value with the edits made. What a template alone has written is known
// to the last field; in what anyone else has written, nothing but the edits may change.
func (it *item) edited(value json.RawMessage) (json.RawMessage, error) {
	if len(it.edits) == 0 {
		return value, nil
	}
	if it.added {
		return encoded(it.container), nil
	}
	edits, err := jsonpatch.DecodePatch(Patch(it.edits).JSON())
	if err != nil {
		return nil, fmt.Errorf("container %q: %w", it.name, err)
	}
	value, err = edits.Apply(value)
	if err != nil {
		return nil, fmt.Errorf("container %q: %w", it.name, err)
	}
	return value, nil
}

// written returns the items of a list of the pod as its creator wrote them.
func (d *draft) written(field string) ([]json.RawMessage, error) {
	var pod struct {
		Spec map[string]json.RawMessage `json:"spec"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(d.raw, &pod); err != nil {
		return nil, fmt.Errorf("cannot read the pod: %w", err)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(pod.Spec[field], &items); err != nil {
		return nil, fmt.Errorf("cannot read spec.%s: %w", field, err)
	}
	return items, nil
}

// writtenAt returns one of them.
func (d *draft) writtenAt(field string, at int) (json.RawMessage, error) {
	items, err := d.written(field)
	if err != nil {
		return nil, err
	}
	return items[at], nil
}
