package templates

import (
	"maps"
	"slices"
)

// mergeMaps returns all entries; of equal keys the last counts.
func mergeMaps(sources ...map[string]string) map[string]string {
	if len(sources) == 0 {
		return nil
	}
	result := make(map[string]string, len(sources[0]))
	for _, source := range sources {
		maps.Copy(result, source)
	}
	return result
}

// toJSONMap encodes all entries; of equal keys the last counts.
func toJSONMap(sources ...map[string]string) string {
	merged := mergeMaps(sources...)
	if merged == nil {
		return "null"
	}
	return structToJSON(merged)
}

// omit returns the entries of m without some keys.
func omit(m map[string]string, keys ...string) map[string]string {
	result := make(map[string]string, len(m))
	for key, value := range m {
		if !slices.Contains(keys, key) {
			result[key] = value
		}
	}
	return result
}

// strdict makes a map of keys and values in turn. A last key alone has an empty value.
func strdict(pairs ...string) map[string]string {
	result := make(map[string]string, (len(pairs)+1)/2)
	for pair := range slices.Chunk(pairs, 2) {
		result[pair[0]] = ""
		if len(pair) == 2 {
			result[pair[0]] = pair[1]
		}
	}
	return result
}

// omitNil returns a tree without what is nil in it, and without what is empty
// only because of that.
func omitNil(value any) any {
	result, _ := withoutNil(value)
	return result
}

// withoutNil says as well whether it has left anything out. A tree without nil is
// returned as it is.
func withoutNil(value any) (any, bool) {
	switch value := value.(type) {
	case nil:
		return nil, true
	case map[string]any:
		return objectWithoutNil(value)
	case []any:
		return listWithoutNil(value)
	default:
		return value, false
	}
}

func objectWithoutNil(object map[string]any) (any, bool) {
	result, changed := make(map[string]any, len(object)), false
	for key, value := range object {
		kept, left := withoutNil(value)
		changed = changed || left
		if kept != nil {
			result[key] = kept
		}
	}
	switch {
	case !changed:
		return object, false
	case len(result) == 0:
		return nil, true
	default:
		return result, true
	}
}

func listWithoutNil(list []any) (any, bool) {
	result, changed := make([]any, 0, len(list)), false
	for _, value := range list {
		kept, left := withoutNil(value)
		changed = changed || left
		if kept != nil {
			result = append(result, kept)
		}
	}
	switch {
	case !changed:
		return list, false
	case len(result) == 0:
		return nil, true
	default:
		return result, true
	}
}
