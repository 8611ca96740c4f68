package workload

import (
	"encoding/json"
	"reflect"
	"strings"
)

// keep puts the fields of before that a Go type does not know into after, which
// is a later value of that type: what a cluster newer than this program knows is
// not lost on the way through the type. Both are JSON as encoding/json decodes it
// into an empty interface. The result is after, which may have changed in place.
func keep(before, after any, of reflect.Type) any {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if reflect.PointerTo(of).Implements(unmarshaler) {
		return after
	}
	switch before := before.(type) {
	case map[string]any:
		return keepFields(before, after, of)
	case []any:
		if after, ok := after.([]any); ok && of.Kind() == reflect.Slice {
			keepElements(before, after, of.Elem())
		}
	}
	return after
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func keepFields(before map[string]any, after any, of reflect.Type) any {
	fields, ok := after.(map[string]any)
	if !ok {
		return after
	}
	for key, was := range before {
		name, field, known := fieldOf(of, key)
		if !known {
			fields[key] = was
		} else if is, there := fields[name]; there {
			fields[name] = keep(was, is, field)
		}
	}
	return fields
}

// keepElements pairs the elements of a list by their names, since an injector may
// have put others between them, and otherwise by their places.
func keepElements(before, after []any, of reflect.Type) {
	places := map[string][]int{}
	for i, element := range after {
		if name := nameOf(element); name != "" {
			places[name] = append(places[name], i)
		}
	}
	for i, was := range before {
		name := nameOf(was)
		if same := places[name]; name != "" && len(same) > 0 {
			after[same[0]] = keep(was, after[same[0]], of)
			places[name] = same[1:]
		} else if name == "" && len(before) == len(after) {
			after[i] = keep(was, after[i], of)
		}
	}
}

func nameOf(element any) string {
	fields, ok := element.(map[string]any)
	if !ok {
		return ""
	}
	name, ok := fields["name"].(string)
	if !ok {
		return ""
	}
	return name
}

// fieldOf finds the field of a struct or map that encoding/json would decode a key
// into, and the name that it would encode it by.
func fieldOf(of reflect.Type, key string) (string, reflect.Type, bool) {
	if of.Kind() == reflect.Map {
		return key, of.Elem(), true
	}
	if of.Kind() != reflect.Struct {
		return "", nil, false
	}
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.EqualFold(name, key) {
			return name, field.Type, true
		}
		if field.Anonymous && name == "" {
			if name, inner, found := fieldOf(field.Type, key); found {
				return name, inner, true
			}
		}
	}
	return "", nil, false
}
