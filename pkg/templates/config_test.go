package templates_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/templates"
)

const configText = `
policy: sometimes
defaultTemplates: [both]
aliases: {both: [b, a], again: [both], nobody: [c]}
template: "{{ Not_A_Function }}"
templates:
  a: "metadata: {labels: {a: '{{ .Values.absent }}'}}"
  b: "metadata: {labels: {b: '1'}}"
neverInjectSelector:
- {}
- matchLabels: {app: never}
- matchExpressions: [{key: app, operator: Sometimes, values: [x]}]
alwaysInjectSelector:
- matchExpressions: [{key: app, operator: Exists}]
injectedAnnotations: {c: d}
unknown: 1
`

func TestParseConfig(t *testing.T) {
	config, err := templates.ParseConfig([]byte(configText))
	if err != nil {
		t.Fatal(err)
	}
	if config.Policy != "sometimes" || config.InjectedAnnotations["c"] != "d" {
		t.Errorf("policy %q, annotations %v", config.Policy, config.InjectedAnnotations)
	}
	if diff := cmp.Diff([]string{"a", "b"}, config.Names()); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
	wantWarnings := []string{
		"neverInjectSelector[0] is passed over: it is empty",
		`neverInjectSelector[2] is passed over: "Sometimes" is not a valid label selector operator`,
	}
	if diff := cmp.Diff(wantWarnings, config.Warnings); diff != "" {
		t.Errorf("warnings differ (-want +got):\n%s", diff)
	}
	if len(config.NeverInject) != 1 || !config.NeverInject[0].Matches(labels.Set{"app": "never"}) {
		t.Errorf("never: %v", config.NeverInject)
	}
	if len(config.AlwaysInject) != 1 || config.AlwaysInject[0].Matches(labels.Set{}) {
		t.Errorf("always: %v", config.AlwaysInject)
	}
	// Istio's templates are made for this.
	overlay := render(t, config.Template("a"), sample())
	if got := overlay.Labels[0].Value; got != "<no value>" {
		t.Errorf("a missing key rendered as %s", got)
	}
}

func TestParseConfigOfNothing(t *testing.T) {
	config, err := templates.ParseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sidecar"}, config.DefaultTemplates); diff != "" {
		t.Errorf("default templates differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"templates is empty, so no pod can be injected"}, config.Warnings); diff != "" {
		t.Errorf("warnings differ (-want +got):\n%s", diff)
	}
	if _, err := config.Select(nil); message(err) != `there is no injection template "sidecar"; there are none` {
		t.Errorf("selecting fails with %v", err)
	}
}

func TestParseConfigFails(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":         "{",
		"not an object":    "- a",
		"another type":     "templates: [a]",
		"a template":       "templates: {a: '{{'}",
		"unknown function": "templates: {a: '{{ unknown }}'}",
	} {
		if _, err := templates.ParseConfig([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSelect(t *testing.T) {
	config, err := templates.ParseConfig([]byte(configText))
	if err != nil {
		t.Fatal(err)
	}
	const known = "; there are a, b"
	tests := []struct{ name, asked, want, wantErr string }{
		{name: "nothing asked", asked: "-", want: "b a"},
		{name: "one", asked: "a", want: "a"},
		{name: "blanks", asked: " a ,\tb", want: "a b"},
		{name: "alias among names", asked: "a,both", want: "a b a"},
		{name: "alias of an alias", asked: "again", wantErr: `there is no injection template "both"` + known},
		{name: "alias of nobody", asked: "nobody", wantErr: `there is no injection template "c"` + known},
		{name: "unknown", asked: "a,z", wantErr: `there is no injection template "z"` + known},
		{name: "empty", asked: "", wantErr: `there is no injection template ""` + known},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			annotations := map[string]string{templates.TemplatesAnnotation: test.asked}
			if test.asked == "-" {
				annotations = nil
			}
			selected, err := config.Select(annotations)
			var got []string
			for _, template := range selected {
				got = append(got, template.Name())
			}
			if strings.Join(got, " ") != test.want || message(err) != test.wantErr {
				t.Errorf("got %v and error %q, want %q and error %q", got, message(err), test.want, test.wantErr)
			}
		})
	}
}

func TestEmbedded(t *testing.T) {
	config := templates.Embedded()
	if diff := cmp.Diff([]string{"sidecar", "sidecar-1.0"}, config.Names()); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
	selected, err := config.Select(nil)
	if err != nil || len(selected) != 1 || selected[0] != config.Template("sidecar") {
		t.Errorf("by default %v and error %v", selected, err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(configText))
	f.Add([]byte("templates: {a: '{{ define `a` }}{{ template `a` }}{{ end }}'}"))
	f.Add([]byte("alwaysInjectSelector: [null, {matchLabels: {'/': ''}}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		config, err := templates.ParseConfig(text)
		if err != nil {
			return
		}
		if len(config.DefaultTemplates) == 0 {
			t.Error("there is no default template")
		}
		for _, warning := range config.Warnings {
			if strings.ContainsAny(warning, "\n\r") {
				t.Errorf("a warning is not one line: %q", warning)
			}
		}
		for _, name := range config.Names() {
			if config.Template(name) == nil {
				t.Errorf("there is no template %q", name)
			}
		}
		selected, err := config.Select(nil)
		if err == nil && len(selected) < len(config.DefaultTemplates)-len(config.Aliases) {
			t.Errorf("%d templates were selected of %v", len(selected), config.DefaultTemplates)
		}
	})
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
