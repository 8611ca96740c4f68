package selection

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"
)

// Print writes configurations as YAML for kubectl, with what an operator has to know as
// comments.
func Print(w io.Writer, configurations ...*admissionregistrationv1.MutatingWebhookConfiguration) error {
	encoder := yamlv3.NewEncoder(w)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	for _, configuration := range configurations {
		document, err := written(configuration)
		if err != nil {
			return err
		}
		if err := encoder.Encode(document); err != nil {
			return fmt.Errorf("the configuration cannot be written: %w", err)
		}
	}
	return encoder.Close()
}

// written is a configuration as a person would write it.
func written(configuration *admissionregistrationv1.MutatingWebhookConfiguration) (*yamlv3.Node, error) {
	text, err := yaml.Marshal(configuration)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be written: %w", err)
	}
	document := new(yamlv3.Node)
	if err := yamlv3.Unmarshal(text, document); err != nil {
		return nil, fmt.Errorf("the configuration cannot be written: %w", err)
	}
	t := typist{said: make(map[string]bool)}
	t.tidy(document.Content[0])
	document.HeadComment = comment(heading)
	return document, nil
}

// order is that of keys. What differs between webhooks stands first; other keys come
// behind these.
var order = []string{
	"apiVersion", "kind", "metadata", "name",
	"namespaceSelector", "objectSelector", "key", "operator", "values",
	"rules", "apiGroups", "apiVersions", "operations", "resources", "scope",
	"clientConfig",
	"failurePolicy", "timeoutSeconds", "matchPolicy", "reinvocationPolicy", "sideEffects", "admissionReviewVersions",
	"webhooks",
}

func rank(key string) int {
	if at := slices.Index(order, key); at >= 0 {
		return at
	}
	return len(order)
}

// typist brings YAML into the form that people read, and says each thing once.
type typist struct{ said map[string]bool }

func (t *typist) tidy(node *yamlv3.Node) {
	if node.Kind == yamlv3.MappingNode {
		t.mapping(node)
	}
	if node.Kind != yamlv3.SequenceNode {
		return
	}
	for _, item := range node.Content {
		t.tidy(item)
	}
	if !slices.ContainsFunc(node.Content, func(n *yamlv3.Node) bool { return n.Kind != yamlv3.ScalarNode }) {
		node.Style = yamlv3.FlowStyle
	}
}

func (t *typist) mapping(node *yamlv3.Node) {
	type field struct{ key, value *yamlv3.Node }
	var fields []field
	for i := 0; i+1 < len(node.Content); i += 2 {
		fields = append(fields, field{node.Content[i], node.Content[i+1]})
	}
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(rank(a.key.Value), rank(b.key.Value)) })
	node.Content = node.Content[:0]
	for _, f := range fields {
		node.Content = append(node.Content, f.key, f.value)
	}
	for i, f := range fields {
		remark := t.remark(f.key.Value, f.value.Value)
		if i == 0 { // behind the dash of an item there is no room for it
			node.HeadComment = remark
		} else {
			f.key.HeadComment = remark
		}
		t.tidy(f.value)
	}
}

// remark is what is to be said of a field, the first time that it is there.
func (t *typist) remark(key, value string) string {
	about := key
	if _, is := remarks[about]; !is {
		about = key + ": " + value
	}
	if t.said[about] {
		return ""
	}
	t.said[about] = true
	return comment(remarks[about])
}

func comment(text string) string {
	if text == "" {
		return ""
	}
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace("# "+line))
	}
	return strings.Join(lines, "\n")
}

const heading = `Printed by "meshward bootstrap hooks".

No caBundle, not even an empty one, here or in any overlay: whoever issues the
certificate owns that field, and a field that the manifest never sets is one that a
GitOps controller never resets.`
