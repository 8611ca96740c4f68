package templates_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/templates"
)

// hostile is what a pod may be called before the API server has looked at it.
var hostile = []string{
	"",
	"web",
	`a", "b": "c`,
	"a\nspec:\n  hostNetwork: true",
	"a: b",
	"'*&!|>%@`",
	"{{ .Values }}",
	"# not a comment",
	"null",
	"\t\x00\x1b\x7f\u0080\u0085\u00a0\u2028\ufeff\ufffe\uffff",
	"é 漢 😀",
	"not UTF-8: \xff\xff",
	strings.Repeat("a", 2000),
}

// FuzzHostileName shows that a text from a pod stays one text wherever a template
// places it with toJson: no field appears, none changes.
func FuzzHostileName(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	template, err := templates.Parse("template.yaml", `
metadata:
  labels: { {{ toJson .ObjectMeta.Name }}: "as a key" }
  annotations:
    value: {{ toJson .ObjectMeta.Name }}
    inside: {{ toJson .ObjectMeta.Labels | toJson }}
`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		data := sample()
		data.ObjectMeta.Name = name
		data.ObjectMeta.Labels = map[string]string{name: name}
		if len(name) > 100 {
			return // YAML has a limit for keys, which no label reaches
		}
		overlay, err := template.Render(data)
		if err != nil {
			t.Fatal(err)
		}
		name = string([]rune(name)) // JSON has a U+FFFD for every byte that is not UTF-8
		if diff := cmp.Diff([]string{name}, names(of(overlay.Labels))); diff != "" {
			t.Errorf("labels differ (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"inside", "value"}, names(of(overlay.Annotations))); diff != "" {
			t.Errorf("annotations differ (-want +got):\n%s", diff)
		}
		var labels map[string]string
		decode(t, []byte(overlay.Annotations[0].Value), &labels)
		if diff := cmp.Diff(map[string]string{name: name}, labels); diff != "" {
			t.Errorf("the labels inside an annotation differ (-want +got):\n%s", diff)
		}
		if value := overlay.Annotations[1].Value; value != name {
			t.Errorf("the name became %q, want %q", value, name)
		}
	})
}

func decode(t *testing.T, encoded []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(encoded, into); err != nil {
		t.Fatal(err)
	}
}

// FuzzParse renders only what has no action in it, for a template may loop.
func FuzzParse(f *testing.F) {
	f.Add("metadata: {labels: {a: b}}")
	f.Add("spec: {containers: [{name: a, env: [{name: b}]}]}")
	f.Add("{{ .Spec }}")
	f.Add("{{ define `a` }}{{ end }}")
	f.Fuzz(func(t *testing.T, text string) {
		template, err := templates.Parse("template.yaml", text)
		if err != nil || strings.Contains(text, "{{") {
			return
		}
		overlay, err := template.Render(sample())
		if err != nil {
			return
		}
		for _, container := range overlay.Containers {
			if !json.Valid(container.JSON) {
				t.Errorf("container %q is not JSON: %s", container.Name, container.JSON)
			}
		}
	})
}
