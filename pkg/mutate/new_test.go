package mutate_test

import (
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/templates"
)

// What cannot work must fail when the process starts.
func TestNewFailsAtOnce(t *testing.T) {
	tests := []struct{ name, template, values, want string }{
		{
			name:   "tag is a number",
			values: "global: {tag: 1.30}",
			want:   "global.tag is 1.3; set it to a string",
		},
		{
			name:   "hub is removed",
			values: "global: {hub: null}",
			want:   "global.hub is <nil>; set it to a string",
		},
		{
			name:   "value is removed",
			values: "meshConfig: {trustDomain: null}",
			want:   `map has no entry for key "trustDomain"`,
		},
		{
			name:   "value breaks out of its quotes",
			values: `global: {network: 'a" b'}`,
			want:   "does not render a pod fragment",
		},
		{
			name:   "value of the wrong type",
			values: "global: {proxy: {resources: [1]}}",
			want:   "spec.initContainers[0]",
		},
		{
			name:   "metadata that the proxy could not read",
			values: "meshConfig: {defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: true}}}",
			want:   "cannot unmarshal bool into Go struct field EnvVar.env.value",
		},
		{
			name:     "template asks for what is not there",
			template: "metadata: {labels: {a: {{ .Cluster }} }}",
			want:     "can't evaluate field Cluster",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			values, err := templates.ParseValues([]byte(test.values))
			if err != nil {
				t.Fatal(err)
			}
			config := mutate.Config{Values: templates.DefaultValues().With(values)}
			if test.template != "" {
				config.Template, err = templates.Parse("template.yaml", test.template)
				if err != nil {
					t.Fatal(err)
				}
			}
			_, err = mutate.New(config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New failed with %v, want an error with %q", err, test.want)
			}
		})
	}
}
