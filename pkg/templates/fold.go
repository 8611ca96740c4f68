package templates

import (
	"bytes"
	"slices"
	"strconv"
	"text/template"
	"text/template/parse"
)

// For returns a template that renders the same where the data has these values: what is the
// same for every pod is worked out here, once. Most of what Istio's templates ask is asked of
// the values, and each question costs more than what is written for the answer.
//
// Nothing that fails is worked out, so that it fails, if it is ever reached, when it is
// rendered. A template that changes dictionaries is left as it is, and so is one that calls
// itself, maybe with other values.
func (t *Template) For(values map[string]any) *Template {
	if t.writes || recurs(t.text) {
		return t
	}
	tree := t.text.Tree.Copy()
	f := &folder{values: &Data{Values: values}, probe: template.Must(t.text.Clone())}
	f.list(tree.Root, sight{dot: theData, assigned: assigned(tree.Root)})
	f.prune(tree.Root)
	folded, err := template.Must(t.text.Clone()).AddParseTree(t.text.Name(), tree)
	if err != nil {
		return t
	}
	return &Template{text: folded, memory: newMemory()}
}

// recurs reports whether a template is called by itself, or by one that is defined in it.
func recurs(t *template.Template) (does bool) {
	everywhere(t, func(node parse.Node) {
		called, is := node.(*parse.TemplateNode)
		does = does || is && called.Name == t.Name()
	})
	return does
}

// A folder puts text in the place of what is the same for every pod.
type folder struct {
	values *Data
	// probe has the templates and the functions that nodes are worked out with.
	probe *template.Template
	// spare are the declarations of which nothing depends but what is worked out.
	spare []*parse.ActionNode
}

// list folds the nodes of a list in place, each in sight of the variables before it.
func (f *folder) list(list *parse.ListNode, in sight) {
	if list == nil {
		return
	}
	var folded []parse.Node
	for _, node := range list.Nodes {
		for _, node := range f.node(node, &in) {
			folded = appendNode(folded, node)
		}
	}
	list.Nodes = folded
}

// appendNode appends a node, a text to a text before it.
func appendNode(nodes []parse.Node, node parse.Node) []parse.Node {
	text, is := node.(*parse.TextNode)
	if !is || len(nodes) == 0 {
		return append(nodes, node)
	}
	before, is := nodes[len(nodes)-1].(*parse.TextNode)
	if !is {
		return append(nodes, node)
	}
	nodes[len(nodes)-1] = textNode(before.Pos, slices.Concat(before.Text, text.Text))
	return nodes
}

// node returns what stands for a node.
func (f *folder) node(node parse.Node, in *sight) []parse.Node {
	if action, is := node.(*parse.ActionNode); is && len(action.Pipe.Decl) > 0 {
		f.declaration(action, in)
		return []parse.Node{action}
	}
	if inner := in.inner(); node.Type() != parse.NodeText && inner.steady(node) {
		if text, ok := f.run(in, node); ok {
			return []parse.Node{textNode(node.Position(), text)}
		}
	}
	switch node := node.(type) {
	case *parse.ActionNode:
		f.pipe(node.Pipe, in)
	case *parse.IfNode:
		return f.branches(node, in)
	case *parse.WithNode:
		f.branch(&node.BranchNode, in)
	case *parse.RangeNode:
		f.branch(&node.BranchNode, in)
	case *parse.TemplateNode:
		f.pipe(node.Pipe, in)
	}
	return []parse.Node{node}
}

// declaration folds the action that declares a variable.
func (f *folder) declaration(action *parse.ActionNode, in *sight) {
	if inner := in.inner(); inner.steady(action) {
		if _, ok := f.run(in, action); ok {
			in.declare(action)
			f.spare = append(f.spare, action)
			return
		}
	}
	f.pipe(action.Pipe, in)
	in.hide(action.Pipe)
}

// branches returns the branch that is taken whatever the pod, or the folded node where that
// depends on the pod.
func (f *folder) branches(node *parse.IfNode, in *sight) []parse.Node {
	if len(node.Pipe.Decl) > 0 || !in.steadyPipe(node.Pipe) {
		f.branch(&node.BranchNode, in)
		return []parse.Node{node}
	}
	text, ok := f.run(in, ifNode(node.Pos, node.Pipe, &parse.ListNode{
		NodeType: parse.NodeList, Nodes: []parse.Node{textNode(node.Pos, []byte("taken"))},
	}))
	if !ok {
		return []parse.Node{node}
	}
	taken := node.List
	if len(text) == 0 {
		taken = node.ElseList
	}
	if taken == nil {
		return nil
	}
	f.list(taken, in.inner())
	if slices.ContainsFunc(taken.Nodes, declares) { // and what it declares is not for what follows
		return []parse.Node{ifNode(node.Pos, always(node.Pos), taken)}
	}
	return taken.Nodes
}

// branch folds what is in a node whose branch depends on the pod.
func (f *folder) branch(node *parse.BranchNode, in *sight) {
	inner := in.inner()
	f.pipe(node.Pipe, &inner)
	inner.hide(node.Pipe)
	f.list(node.ElseList, inner.inner())
	if node.NodeType != parse.NodeIf {
		inner.dot = another
	}
	f.list(node.List, inner.inner())
}

// pipe folds the arguments of a pipeline.
func (f *folder) pipe(pipe *parse.PipeNode, in *sight) {
	if pipe == nil {
		return
	}
	for _, command := range pipe.Cmds {
		for i, argument := range command.Args {
			if i == 0 && len(command.Args) > 1 { // it is called
				continue
			}
			command.Args[i] = f.argument(argument, in)
		}
	}
}

// argument returns the text or the truth that an argument is for every pod, or itself.
func (f *folder) argument(argument parse.Node, in *sight) parse.Node {
	switch argument.Type() {
	case parse.NodeField, parse.NodeVariable, parse.NodeChain, parse.NodePipe:
	default:
		return argument
	}
	if !in.steadyOperand(argument) {
		if nested, is := argument.(*parse.PipeNode); is {
			f.pipe(nested, in)
		}
		return argument
	}
	at := argument.Position()
	kind, _ := f.run(in, printed(at, argument, "%T"))
	value, ok := f.run(in, printed(at, argument, "%v"))
	switch {
	case !ok:
	case string(kind) == "string":
		return &parse.StringNode{NodeType: parse.NodeString, Pos: at, Quoted: strconv.Quote(string(value)), Text: string(value)}
	case string(kind) == "bool":
		return &parse.BoolNode{NodeType: parse.NodeBool, Pos: at, True: string(value) == "true"}
	}
	return argument
}

// run returns what a node in sight of these variables comes to, and whether it does.
func (f *folder) run(in *sight, node parse.Node) ([]byte, bool) {
	const name = "what is the same for every pod"
	root := &parse.ListNode{NodeType: parse.NodeList, Nodes: append(slices.Clip(in.declared), node)}
	probe, err := f.probe.AddParseTree(name, &parse.Tree{Name: name, Root: root})
	if err != nil {
		return nil, false
	}
	var text bytes.Buffer
	err = probe.Execute(&text, f.values)
	return text.Bytes(), err == nil
}

// prune takes away the declarations that nothing is left to depend on, last ones first, as
// they depend on those before them.
func (f *folder) prune(root *parse.ListNode) {
	for _, declaration := range slices.Backward(f.spare) {
		used := map[string]bool{}
		each(root, func(node parse.Node) {
			if variable, is := node.(*parse.VariableNode); is {
				used[variable.Ident[0]] = true
			}
		})
		if used[declaration.Pipe.Decl[0].Ident[0]] {
			continue
		}
		each(root, func(node parse.Node) {
			if list, is := node.(*parse.ListNode); is && list != nil {
				list.Nodes = slices.DeleteFunc(list.Nodes, func(node parse.Node) bool { return node == declaration })
			}
		})
	}
}

// assigned are the variables that get another value than the one they are declared with, or
// are declared within a pipeline or for a template, from where on they hide others of their
// name.
func assigned(root parse.Node) map[string]bool {
	names := map[string]bool{}
	each(root, func(node parse.Node) {
		pipe, hides := pipeOf(node)
		if pipe == nil || !hides && !pipe.IsAssign {
			return
		}
		for _, variable := range pipe.Decl {
			names[variable.Ident[0]] = true
		}
	})
	return names
}

// pipeOf is the pipeline that a node is or begins with, nil for none, and whether it stands where
// a fold does not follow what it declares.
func pipeOf(node parse.Node) (pipe *parse.PipeNode, hides bool) {
	switch node := node.(type) {
	case *parse.ActionNode:
		return node.Pipe, false
	case *parse.IfNode:
		return node.Pipe, false
	case *parse.WithNode:
		return node.Pipe, false
	case *parse.RangeNode:
		return node.Pipe, false
	case *parse.TemplateNode:
		return node.Pipe, true
	case *parse.PipeNode:
		return node, true
	default:
		return nil, false
	}
}

func declares(node parse.Node) bool {
	action, is := node.(*parse.ActionNode)
	return is && len(action.Pipe.Decl) > 0 && !action.Pipe.IsAssign
}

func textNode(at parse.Pos, text []byte) *parse.TextNode {
	return &parse.TextNode{NodeType: parse.NodeText, Pos: at, Text: text}
}

func ifNode(at parse.Pos, pipe *parse.PipeNode, list *parse.ListNode) *parse.IfNode {
	return &parse.IfNode{BranchNode: parse.BranchNode{NodeType: parse.NodeIf, Pos: at, Pipe: pipe, List: list}}
}

func pipeNode(at parse.Pos, arguments ...parse.Node) *parse.PipeNode {
	command := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: at, Args: arguments}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: at, Cmds: []*parse.CommandNode{command}}
}

// always is a pipeline that is true.
func always(at parse.Pos) *parse.PipeNode {
	return pipeNode(at, &parse.BoolNode{NodeType: parse.NodeBool, Pos: at, True: true})
}

// printed is the action that prints an argument.
func printed(at parse.Pos, argument parse.Node, format string) *parse.ActionNode {
	as := &parse.StringNode{NodeType: parse.NodeString, Pos: at, Quoted: `"` + format + `"`, Text: format}
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: at, Pipe: pipeNode(at, parse.NewIdentifier("printf").SetPos(at), as, argument)}
}
