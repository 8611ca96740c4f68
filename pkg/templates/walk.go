package templates

import (
	"text/template"
	"text/template/parse"
)

// everywhere calls with all nodes of a template and of those that are defined in it.
func everywhere(t *template.Template, look func(parse.Node)) {
	for _, part := range t.Templates() {
		if part.Tree != nil && part.Tree.Root != nil {
			each(part.Tree.Root, look)
		}
	}
}

// each calls with a node and all that is in it.
func each(node parse.Node, look func(parse.Node)) {
	look(node)
	for _, child := range below(node) {
		each(child, look)
	}
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
