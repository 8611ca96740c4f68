package manifest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// document is one YAML document of a file.
type document struct {
	file string
	line int // of text's first line, from 1
	text []byte

	root *yamlv3.Node // once a line in it was asked for
}

// isEmpty reports whether there is nothing in the document but comments and
// directives, such as the %YAML that may stand in front of the first one.
func (d *document) isEmpty() bool {
	for line := range bytes.Lines(d.text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '%' && line[0] != '#' {
			return false
		}
	}
	return true
}

// start is the line of the document's first line that is not blank or a comment.
func (d *document) start() int {
	line := d.line
	for text := range bytes.Lines(d.text) {
		if text = bytes.TrimSpace(text); len(text) > 0 && text[0] != '#' {
			break
		}
		line++
	}
	return line
}

// parsed returns the document's tree, which is empty where there is none.
func (d *document) parsed() *yamlv3.Node {
	if d.root == nil {
		var root yamlv3.Node
		d.root = &yamlv3.Node{}
		if err := yamlv3.Unmarshal(d.text, &root); err == nil && len(root.Content) > 0 {
			d.root = root.Content[0]
		}
	}
	return d.root
}

// json returns the document as JSON, read as kubectl reads it, or nil where it
// is empty. The error names file and line.
func (d *document) json() ([]byte, error) {
	raw, err := yaml.YAMLToJSON(d.text)
	if err != nil {
		return nil, d.unreadable(err)
	}
	if raw = bytes.TrimSpace(raw); bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	return raw, nil
}

var yamlLine = regexp.MustCompile(`(?:yaml: )?line (\d+): `)

// unreadable turns a parser's error, which counts lines from the start of the
// document, into one that counts from the start of the file.
func (d *document) unreadable(err error) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	line := d.line
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		offset, _ := strconv.Atoi(found[1])
		line += offset - 1
		text = strings.Replace(text, found[0], "", 1)
	}
	return fmt.Errorf("%s:%d: not YAML: %s", d.file, line, strings.TrimPrefix(text, "yaml: "))
}

// place is where an object stands: a document, or an item of a list in one.
type place struct {
	*document
	items []int
}

func (p place) item(i int) place {
	items := make([]int, 0, len(p.items)+1)
	return place{document: p.document, items: append(append(items, p.items...), i)}
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.Line("")) }

// Line returns the line of a field of the object at this place, from 1: that of
// the innermost part of the path that is there.
func (p place) Line(path string) int {
	steps := p.steps(path)
	line := p.start()
	if len(steps) == 0 {
		return line
	}
	node := p.parsed()
	for _, step := range steps {
		next := child(node, step)
		if next == nil {
			break
		}
		node, line = next.value, p.line+next.line-1
	}
	return line
}

// steps cuts a path such as "spec.http[0].route" into names and indexes, behind
// those that lead to the object itself.
func (p place) steps(path string) []string {
	var steps []string
	for _, i := range p.items {
		steps = append(steps, "items", strconv.Itoa(i))
	}
	return append(steps, strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) })...)
}

// field is a value of a YAML document and the line where it can be pointed at:
// that of its key, where it has one.
type field struct {
	value *yamlv3.Node
	line  int
}

func child(node *yamlv3.Node, step string) *field {
	switch node.Kind {
	case yamlv3.AliasNode:
		return child(node.Alias, step)
	case yamlv3.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return &field{value: node.Content[i+1], line: node.Content[i].Line}
			}
		}
	case yamlv3.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return &field{value: node.Content[i], line: node.Content[i].Line}
		}
	default: // documents and scalars have no fields
	}
	return nil
}
