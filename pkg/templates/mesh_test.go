package templates_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/meshward/meshward/pkg/templates"
)

// TestParseMesh says for each text what becomes of the defaults.
func TestParseMesh(t *testing.T) {
	prometheus := &meshconfig.MeshConfig_ExtensionProvider_Prometheus{
		Prometheus: &meshconfig.MeshConfig_ExtensionProvider_PrometheusMetricsProvider{},
	}
	tests := []struct {
		name, text string
		want       func(*meshconfig.MeshConfig)
	}{
		{"nothing", "", func(*meshconfig.MeshConfig) {}},
		{"nulls", "defaultConfig: null\ndefaultProviders: null\nextensionProviders: null", func(*meshconfig.MeshConfig) {}},
		{"unknown fields", "a: {b: 1}\ndefaultConfig: {c: 1}", func(*meshconfig.MeshConfig) {}},
		{"false", "enableTracing: false\nenablePrometheusMerge: false", func(mesh *meshconfig.MeshConfig) {
			mesh.EnableTracing = false
			mesh.EnablePrometheusMerge = wrapperspb.Bool(false)
		}},
		{"a message is replaced", "localityLbSetting: {}", func(mesh *meshconfig.MeshConfig) {
			mesh.LocalityLbSetting.Enabled = nil
		}},
		{"defaultConfig merges", "defaultConfig: {drainDuration: 1m5s, status_port: 1}", func(mesh *meshconfig.MeshConfig) {
			mesh.DefaultConfig.DrainDuration = durationpb.New(65e9)
			mesh.DefaultConfig.StatusPort = 1
		}},
		{"defaultProviders merge", "defaultProviders: {metrics: [a]}", func(mesh *meshconfig.MeshConfig) {
			mesh.DefaultProviders.Metrics = []string{"a"}
		}},
		{"providers by name", "extensionProviders: [{name: envoy, prometheus: {}}, {name: new, prometheus: {}}]", func(mesh *meshconfig.MeshConfig) {
			mesh.ExtensionProviders[2].Provider = prometheus
			mesh.ExtensionProviders = append(mesh.ExtensionProviders,
				&meshconfig.MeshConfig_ExtensionProvider{Name: "new", Provider: prometheus})
		}},
		{"aliases are a set", "trustDomainAliases: [b, a, b]", func(mesh *meshconfig.MeshConfig) {
			mesh.TrustDomainAliases = []string{"a", "b"}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := templates.ParseMesh([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			want := templates.DefaultMesh()
			test.want(want)
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("the mesh differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseMeshFails(t *testing.T) {
	for _, text := range []string{
		"{", "- a", "a", "proxyListenPort: a", "connectTimeout: 5", "ingressControllerMode: NEVER",
		"defaultConfig: 5", "defaultConfig: {concurrency: a}", "defaultProviders: [a]", "extensionProviders: {a: b}",
	} {
		if mesh, err := templates.ParseMesh([]byte(text)); err == nil {
			t.Errorf("%s: read as %v", text, mesh)
		}
	}
}

func TestWithProxyConfig(t *testing.T) {
	mesh := templates.DefaultMesh()
	mesh.DefaultConfig.ProxyMetadata = map[string]string{"A": "1", "B": "2"}
	mesh.DefaultConfig.ProxyHeaders = &meshconfig.ProxyConfig_ProxyHeaders{
		Server: &meshconfig.ProxyConfig_ProxyHeaders_Server{Value: "mesh"},
	}
	before := proto.CloneOf(mesh)
	merged, unknown, err := templates.WithProxyConfig(mesh, `
concurrency: 0
holdApplicationUntilProxyStarts: true
proxyMetadata: {B: "3", C: "4"}
proxyHeaders: {requestId: {disabled: true}, forwarded: 1}
tracing: {custom_tags: {a: {literal: {value: b, vaule: c}}}, zapkin: {}}
extraStatTags: [a]
readinessProbe: {exec: {command: [a], commands: [b]}, httpGet: {httpHeaders: [{name: a}, {nam: b}]}}
listeners: 1
`)
	if err != nil {
		t.Fatal(err)
	}
	wantUnknown := []string{
		"listeners", "proxyHeaders.forwarded", "readinessProbe.exec.commands", "readinessProbe.httpGet.httpHeaders[1].nam",
		"tracing.custom_tags.a.literal.vaule", "tracing.zapkin",
	}
	if diff := cmp.Diff(wantUnknown, unknown); diff != "" {
		t.Errorf("unknown fields differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, mesh, protocmp.Transform()); diff != "" {
		t.Errorf("the mesh was changed (-before +after):\n%s", diff)
	}
	got := merged.DefaultConfig
	if diff := cmp.Diff(map[string]string{"A": "1", "B": "3", "C": "4"}, got.ProxyMetadata); diff != "" {
		t.Errorf("proxyMetadata differs (-want +got):\n%s", diff)
	}
	if got.Concurrency == nil || !got.HoldApplicationUntilProxyStarts.GetValue() || got.StatusPort != 15020 {
		t.Errorf("merged into %v", got)
	}
	if !got.ProxyHeaders.GetRequestId().GetDisabled().GetValue() || got.ProxyHeaders.GetServer().GetValue() != "mesh" {
		t.Errorf("proxyHeaders merged into %v", got.ProxyHeaders)
	}
}

func TestWithProxyConfigFails(t *testing.T) {
	for _, annotation := range []string{"{", "a", "- a", "concurrency: many", "proxyMetadata: {A: 1}", "interceptionMode: SOMETIMES", "image: 5"} {
		if _, _, err := templates.WithProxyConfig(templates.DefaultMesh(), annotation); err == nil {
			t.Errorf("%s: no error", annotation)
		}
	}
}

func FuzzParseMesh(f *testing.F) {
	f.Add([]byte("defaultConfig: {proxyMetadata: {A: b}, tracing: {zipkin: {address: a}}}"))
	f.Add([]byte("extensionProviders: [{name: a}, {name: a, envoyFileAccessLog: {logFormat: {labels: {a: 1}}}}]"))
	f.Add([]byte("trustDomainAliases: [a, a]"))
	f.Add([]byte("extensionProviders: [null]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		mesh, err := templates.ParseMesh(text)
		if err != nil {
			return
		}
		data := sample()
		data.MeshConfig, data.ProxyConfig = mesh, mesh.GetDefaultConfig()
		if data.ProxyConfig == nil || mesh.GetDefaultProviders() == nil {
			t.Fatal("a part that merges is gone")
		}
		renderEmbedded(t, data)
	})
}

func FuzzWithProxyConfig(f *testing.F) {
	f.Add("proxyMetadata: {A: b}")
	f.Add("concurrency: 2\nunknown: {a: [b]}")
	f.Add(`{"proxyHeaders": {"server": {}}, "image": {"imageType": "debug"}}`)
	f.Add("a: &a [*a]")
	for _, name := range hostile {
		f.Add("proxyMetadata: {A: " + name + "}")
	}
	mesh := templates.DefaultMesh()
	before := proto.CloneOf(mesh)
	f.Fuzz(func(t *testing.T, annotation string) {
		merged, _, err := templates.WithProxyConfig(mesh, annotation)
		if !proto.Equal(before, mesh) {
			t.Fatal("the mesh was changed")
		}
		if err != nil {
			return
		}
		data := sample()
		data.MeshConfig, data.ProxyConfig = merged, merged.GetDefaultConfig()
		renderEmbedded(t, data)
	})
}
