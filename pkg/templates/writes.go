package templates

import (
	"slices"
	"text/template"
	"text/template/parse"
)

// writers are the functions that change the dictionary that they are given. Used
// on the values, they would change them for every other pod, and two requests
// that do so at once would end the process.
var writers = []string{"set", "unset", "merge", "mustMerge", "mergeOverwrite", "mustMergeOverwrite"}

// writes reports whether t, or a template defined in it, calls one of them.
func writes(t *template.Template) bool { return calls(t, writers) }

// calls reports whether t, or a template defined in it, calls a function of these names.
func calls(t *template.Template, names []string) (does bool) {
	everywhere(t, func(node parse.Node) {
		function, is := node.(*parse.IdentifierNode)
		does = does || is && slices.Contains(names, function.Ident)
	})
	return does
}

// cloned returns a copy of a tree as JSON knows it.
func cloned(value any) any {
	switch value := value.(type) {
	case map[string]any:
		result := make(map[string]any, len(value))
		for key, below := range value {
			result[key] = cloned(below)
		}
		return result
	case []any:
		result := make([]any, 0, len(value))
		for _, below := range value {
			result = append(result, cloned(below))
		}
		return result
	default:
		return value
	}
}
