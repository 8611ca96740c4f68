package templates

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// withoutUnknown returns a patch without the fields that no pod has, and their paths. found
// are those that a strict reader of it has found, which gives up after some of them.
func withoutUnknown(patch []byte, found []error) (pruned []byte, unknown []string, err error) {
	for {
		paths := unknownPaths(found)
		if len(paths) == 0 {
			return patch, unknown, nil
		}
		tree, err := treeOf(patch)
		if err != nil {
			return nil, nil, err
		}
		gone := false
		for _, path := range paths {
			gone = prune(tree, path) || gone
			if !slices.Contains(unknown, path) {
				unknown = append(unknown, path)
			}
		}
		if !gone {
			return patch, unknown, nil
		}
		if patch, err = json.Marshal(tree); err != nil {
			return nil, nil, err
		}
		if found, err = kjson.UnmarshalStrict(patch, new(corev1.Pod), kjson.DisallowUnknownFields); err != nil {
			return nil, nil, err
		}
	}
}

// unknownPaths are the paths that errors about unknown fields name, but for directives.
func unknownPaths(found []error) (paths []string) {
	for _, unknown := range found {
		_, quoted, _ := strings.Cut(unknown.Error(), " field ")
		path, err := strconv.Unquote(quoted)
		if err == nil && !strings.HasPrefix(path, "$") && !strings.Contains(path, ".$") {
			paths = append(paths, path)
		}
	}
	return paths
}

// prune takes a field out of a tree, and reports whether it was there. All names in a path
// but the last are those of known fields, which have no dots; so a field that has the rest
// of the path for its name is the one that is meant.
func prune(node any, path string) bool {
	switch node := node.(type) {
	case map[string]any:
		if _, is := node[path]; is {
			delete(node, path)
			return true
		}
		end := strings.IndexAny(path, ".[")
		if end <= 0 {
			return false
		}
		return prune(node[path[:end]], strings.TrimPrefix(path[end:], "."))
	case []any:
		index, rest, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(node) {
			return false
		}
		return prune(node[i], strings.TrimPrefix(rest, "."))
	default:
		return false
	}
}
