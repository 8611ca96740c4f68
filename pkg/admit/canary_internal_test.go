package admit

import (
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

func TestSteered(t *testing.T) {
	for name, c := range map[string]struct {
		kind     mesh.Kind
		old, new string
		want     string
	}{
		"weights of HTTP routes": {
			mesh.KindVirtualService,
			"spec: {http: [{route: [{destination: {host: a, subset: v1}, weight: 100}, {destination: {host: a, subset: v2}}]}]}",
			"spec: {http: [{route: [{destination: {host: a, subset: v1}, weight: 90}, {destination: {host: a, subset: v2}, weight: 10}]}]}",
			"weights",
		},
		"weights of TCP and TLS routes": {
			mesh.KindVirtualService,
			"spec: {tcp: [{route: [{destination: {host: a}, weight: 100}]}], tls: [{route: [{destination: {host: a}, weight: 100}]}]}",
			"spec: {tcp: [{route: [{destination: {host: a}, weight: 90}]}], tls: [{route: [{destination: {host: a}, weight: 90}]}]}",
			"weights",
		},
		"notes of the tool": {
			mesh.KindVirtualService,
			"{metadata: {generation: 1, annotations: {last: a}}, spec: {http: [{route: [{weight: 1}]}]}}",
			"{metadata: {generation: 2, annotations: {last: b}}, spec: {http: [{route: [{weight: 2}]}]}}",
			"weights",
		},
		"a subset as well": {
			mesh.KindVirtualService,
			"spec: {http: [{route: [{destination: {host: a, subset: v1}, weight: 100}]}]}",
			"spec: {http: [{route: [{destination: {host: a, subset: v2}, weight: 90}]}]}",
			"",
		},
		"a label of the object as well": {
			mesh.KindVirtualService,
			"{metadata: {labels: {istio.io/rev: a}}, spec: {http: [{route: [{weight: 1}]}]}}",
			"{metadata: {labels: {istio.io/rev: b}}, spec: {http: [{route: [{weight: 2}]}]}}",
			"",
		},
		"a route more": {
			mesh.KindVirtualService,
			"spec: {http: [{route: [{weight: 100}]}]}",
			"spec: {http: [{route: [{weight: 90}, {weight: 10}]}]}",
			"",
		},
		"labels of subsets": {
			mesh.KindDestinationRule,
			"spec: {host: a, subsets: [{name: stable, labels: {hash: a}}, {name: canary}]}",
			"spec: {host: a, subsets: [{name: stable, labels: {hash: b}}, {name: canary, labels: {hash: c}}]}",
			"labels of subsets",
		},
		"a subset renamed": {
			mesh.KindDestinationRule,
			"spec: {host: a, subsets: [{name: stable, labels: {hash: a}}]}",
			"spec: {host: a, subsets: [{name: canary, labels: {hash: b}}]}",
			"",
		},
		"lists that are none": {
			mesh.KindVirtualService,
			"spec: {http: {route: 1}, tcp: [1, {route: [2]}]}",
			"spec: {http: {route: 2}, tcp: [1, {route: [2]}]}",
			"",
		},
		"another kind": {mesh.KindServiceEntry, "spec: {}", "spec: {}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			request := &admissionv1.AdmissionRequest{Operation: admissionv1.Update, OldObject: raw(t, c.old), Object: raw(t, c.new)}
			if got := steered(c.kind, request); got != c.want {
				t.Errorf("steered by %q, want %q", got, c.want)
			}
		})
	}
}

func raw(t *testing.T, text string) runtime.RawExtension {
	t.Helper()
	converted, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return runtime.RawExtension{Raw: converted}
}
