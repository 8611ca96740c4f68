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
	if !holdsNil(value) {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		return objectWithoutNil(value)
	case []any:
		return listWithoutNil(value)
	default:
		return nil
	}
}

func holdsNil(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case map[string]any:
		for _, below := range value {
			if holdsNil(below) {
				return true
			}
		}
		return false
	case []any:
		return slices.ContainsFunc(value, holdsNil)
	default:
		return false
	}
}

// objectWithoutNil returns nil where nothing is left.
func objectWithoutNil(object map[string]any) any {
	result := make(map[string]any, len(object))
	for key, value := range object {
		if kept := omitNil(value); kept != nil {
			result[key] = kept
		}
	}
	if len(result) == 0 {
		return nil
	}
	return result
}

// listWithoutNil returns nil where nothing is left.
func listWithoutNil(list []any) any {
	result := make([]any, 0, len(list))
	for _, value := range list {
		if kept := omitNil(value); kept != nil {
			result = append(result, kept)
		}
	}
	if len(result) == 0 {
		return nil
	}
	return result
}
