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
func writes(t *template.Template) bool {
	return slices.ContainsFunc(t.Templates(), func(part *template.Template) bool {
		return part.Tree != nil && part.Tree.Root != nil && calls(part.Tree.Root, writers)
	})
}

func calls(node parse.Node, names []string) bool {
	if identifier, ok := node.(*parse.IdentifierNode); ok {
		return slices.Contains(names, identifier.Ident)
	}
	return slices.ContainsFunc(below(node), func(child parse.Node) bool { return calls(child, names) })
}

// below returns the children of a node that can hold a call.
func below(node parse.Node) []parse.Node {
	switch node := node.(type) {
	case *parse.ListNode:
		return node.Nodes
	case *parse.ActionNode:
		return pipe(node.Pipe)
	case *parse.TemplateNode:
		return pipe(node.Pipe)
	case *parse.IfNode:
		return branch(&node.BranchNode)
	case *parse.RangeNode:
		return branch(&node.BranchNode)
	case *parse.WithNode:
		return branch(&node.BranchNode)
	case *parse.PipeNode:
		return pipe(node)
	case *parse.CommandNode:
		return node.Args
	case *parse.ChainNode:
		return []parse.Node{node.Node}
	default:
		return nil
	}
}

func branch(node *parse.BranchNode) []parse.Node {
	result := append(pipe(node.Pipe), node.List)
	if node.ElseList == nil {
		return result
	}
	return append(result, node.ElseList)
}

func pipe(node *parse.PipeNode) []parse.Node {
	if node == nil {
		return nil
	}
	result := make([]parse.Node, 0, len(node.Cmds))
	for _, command := range node.Cmds {
		result = append(result, command)
	}
	return result
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
