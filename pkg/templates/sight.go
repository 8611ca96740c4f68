package templates

import (
	"maps"
	"slices"
	"text/template/parse"
)

// A sight is what is known at one place of a template: what its dot is, and which variables
// are the same for every pod.
type sight struct {
	dot dot
	// declared are the actions that declare variables that are the same for every pod.
	declared []parse.Node
	// known are those that are the same, and false for one that hides such a variable.
	known map[string]bool
	// assigned are the variables that get another value anywhere in the template.
	assigned map[string]bool
}

// dot is what a template's dot stands for.
type dot int

const (
	theData  dot = iota // what the template is rendered with
	constant            // something that is the same for every pod
	another             // anything else
)

// inner is the sight of a place inside: what is declared there is not for what follows.
func (s *sight) inner() sight {
	inner := *s
	inner.declared, inner.known = slices.Clip(s.declared), maps.Clone(s.known)
	return inner
}

// declare takes note of the action that declares a variable that is the same for every pod.
func (s *sight) declare(action *parse.ActionNode) {
	s.declared = append(s.declared, action)
	s.know(action.Pipe, true)
}

// hide takes note of a pipeline that declares variables that depend on the pod.
func (s *sight) hide(pipe *parse.PipeNode) { s.know(pipe, false) }

func (s *sight) know(pipe *parse.PipeNode, known bool) {
	for _, variable := range pipe.Decl {
		if s.known == nil {
			s.known = map[string]bool{}
		}
		s.known[variable.Ident[0]] = known && !s.assigned[variable.Ident[0]]
	}
}

// steady reports whether a node comes to the same for every pod, and changes nothing but
// what is declared at this place.
func (s *sight) steady(node parse.Node) bool {
	switch node := node.(type) {
	case *parse.TextNode:
		return true
	case *parse.ActionNode:
		return s.steadyAction(node)
	case *parse.IfNode:
		return s.steadyBranch(&node.BranchNode, s.dot)
	case *parse.WithNode:
		return s.steadyBranch(&node.BranchNode, constant)
	case *parse.RangeNode:
		return !counts(node.Pipe) && s.steadyBranch(&node.BranchNode, constant)
	default: // a break, which is for a range around it, or a template, which may do anything
		return false
	}
}

// steadyOperand is steady for what stands in a pipeline.
func (s *sight) steadyOperand(node parse.Node) bool {
	switch node := node.(type) {
	case *parse.BoolNode, *parse.NumberNode, *parse.StringNode, *parse.NilNode:
		return true
	case *parse.DotNode:
		return s.dot == constant
	case *parse.FieldNode:
		return s.dot == constant || s.dot == theData && node.Ident[0] == valuesField
	case *parse.VariableNode:
		return s.known[node.Ident[0]] || isValues(node)
	case *parse.ChainNode:
		return s.steadyOperand(node.Node)
	case *parse.PipeNode:
		return len(node.Decl) == 0 && s.steadyPipe(node)
	default:
		return false
	}
}

// isValues reports whether a variable is $.Values, which it is wherever the dot is.
func isValues(variable *parse.VariableNode) bool {
	return len(variable.Ident) > 1 && variable.Ident[0] == "$" && variable.Ident[1] == valuesField
}

// valuesField is the field of Data that is the same for every pod.
const valuesField = "Values"

// counts reports whether a range goes up to a number, which may be a large one.
func counts(pipe *parse.PipeNode) bool {
	return slices.ContainsFunc(pipe.Cmds[len(pipe.Cmds)-1].Args, func(argument parse.Node) bool {
		return argument.Type() == parse.NodeNumber
	})
}

func (s *sight) steadyPipe(pipe *parse.PipeNode) bool {
	return !slices.ContainsFunc(pipe.Cmds, func(command *parse.CommandNode) bool { return !s.steadyCommand(command) })
}

func (s *sight) steadyCommand(command *parse.CommandNode) bool {
	arguments := command.Args
	if function, is := arguments[0].(*parse.IdentifierNode); is {
		if !slices.Contains(repeatable, function.Ident) {
			return false
		}
		arguments = arguments[1:]
	} else if len(arguments) > 1 { // a method is called
		return false
	}
	return !slices.ContainsFunc(arguments, func(argument parse.Node) bool { return !s.steadyOperand(argument) })
}

func (s *sight) steadyAction(action *parse.ActionNode) bool {
	if action.Pipe.IsAssign || !s.steadyPipe(action.Pipe) {
		return false
	}
	s.know(action.Pipe, true)
	return !slices.ContainsFunc(action.Pipe.Decl, func(v *parse.VariableNode) bool { return !s.known[v.Ident[0]] })
}

func (s *sight) steadyList(list *parse.ListNode) bool {
	inner := s.inner()
	return list == nil || !slices.ContainsFunc(list.Nodes, func(node parse.Node) bool { return !inner.steady(node) })
}

// steadyBranch is steady for a node with branches, the first of which has this dot.
func (s *sight) steadyBranch(node *parse.BranchNode, first dot) bool {
	if node.Pipe.IsAssign || !s.steadyPipe(node.Pipe) {
		return false
	}
	inner := s.inner()
	inner.know(node.Pipe, true)
	otherwise := inner
	inner.dot = first
	return inner.steadyList(node.List) && otherwise.steadyList(node.ElseList)
}

// repeatable are functions that make the same of the same, and change nothing. What is
// missing here is worked out for every pod.
var repeatable = []string{
	"and", "annotation", "contains", "default", "dict", "directory", "empty", "env", "eq", "excludeInboundPort", "first",
	"formatDuration", "fromJSON", "ge", "get", "gt", "hasKey", "hasPrefix", "hasSuffix", "includeInboundPorts", "indent",
	"index", "int", "int64", "isset", "join", "le", "len", "list", "lower", "lt", "ne", "nindent", "not", "omit", "omitNil",
	"or", "print", "printf", "proxyResources", "quote", "quoted", "replace", "slice", "split", "splitList", "squote", "strdict", "structToJSON",
	"ternary", "toJSON", "toJson", "toLower", "toString", "toYaml", "trim", "trimAll", "trimPrefix", "trimSuffix", "trunc",
	"upper", "valueOrDefault",
}
