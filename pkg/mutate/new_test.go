package mutate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/templates"
)

// What cannot work must fail when the process starts.
func TestNewFailsAtOnce(t *testing.T) {
	tests := []struct{ name, template, want string }{
		{
			name:     "template asks for what is not there",
			template: "metadata: {labels: {a: {{ .Cluster }} }}",
			want:     "can't evaluate field Cluster",
		},
		{
			name:     "template is no YAML",
			template: "metadata: [",
			want:     "does not render a pod fragment",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := json.Marshal(map[string]any{"policy": "enabled", "templates": map[string]string{"sidecar": test.template}})
			if err != nil {
				t.Fatal(err)
			}
			config, err := templates.ParseConfig(text)
			if err != nil {
				t.Fatal(err)
			}
			_, err = mutate.New(mutate.Config{Templates: config})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New failed with %v, want an error with %q", err, test.want)
			}
		})
	}
}

// What is odd about templates that pods have to ask for keeps no pod from being injected.
func TestNewWarns(t *testing.T) {
	config, err := templates.ParseConfig([]byte(`
policy: enabled
templates:
  sidecar: "spec: {containers: [{name: istio-proxy, imagePulPolicy: Always}]}"
  broken: "spec: {{ .Nothing }}"
  waypoint: "{{ .Nothing }}"
`))
	if err != nil {
		t.Fatal(err)
	}
	injector, err := mutate.New(mutate.Config{Templates: config})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"template broken does not work for a sample pod", "template sidecar writes spec.containers[0].imagePulPolicy"}
	if len(injector.Warnings) != len(want) {
		t.Fatalf("warnings are %q", injector.Warnings)
	}
	for i, warning := range injector.Warnings {
		if !strings.HasPrefix(warning, want[i]) {
			t.Errorf("warning %q does not say %q", warning, want[i])
		}
	}
}
