package templates_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	meshconfig "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/templates"
)

// functionData is what the expressions of the tests below can see.
func functionData() *templates.Data {
	data := sample()
	data.ObjectMeta.Annotations = map[string]string{"set": "here", "empty": ""}
	data.Spec.Containers = []corev1.Container{
		{Name: "web", Image: "r.example.com:5000/web:1.2@sha256:00", Ports: []corev1.ContainerPort{
			{ContainerPort: 80}, {ContainerPort: 53, Protocol: "UDP"}, {ContainerPort: 36412, Protocol: "SCTP"},
		}},
		{Name: "istio-proxy", Ports: []corev1.ContainerPort{{ContainerPort: 15090, Protocol: "TCP"}}},
	}
	data.Values = map[string]any{
		"text": "x", "none": nil, "number": 15020.0,
		"tree": map[string]any{
			"none": nil, "onlyNone": map[string]any{"a": nil}, "empty": map[string]any{},
			"list": []any{nil, 1.0, map[string]any{"a": nil}},
		},
	}
	return data
}

// TestFunctions has what Istio's injector makes of each expression.
func TestFunctions(t *testing.T) {
	tests := []struct{ expression, want string }{
		{`annotation .ObjectMeta "set" "else"`, "here"},
		{`annotation .ObjectMeta "empty" "else"`, ""},
		{`annotation .ObjectMeta "absent" "else"`, "else"},
		{`annotation .ObjectMeta "absent" .Values.number`, "15020"},
		{`annotation .ObjectMeta "absent" .Values.none`, "<nil>"},
		{`annotation .ObjectMeta "absent" .ProxyConfig.InterceptionMode`, "REDIRECT"},
		{`isset .ObjectMeta.Annotations "empty"`, "true"},
		{`isset .ObjectMeta.Annotations "absent"`, "false"},
		{`valueOrDefault .Values.none 5`, "5"},
		{`valueOrDefault .Values.absent 5`, "5"},
		{`valueOrDefault "" 5`, "5"},
		{`valueOrDefault 0 5`, "0"},
		{`directory "/a/b/c"`, "/a/b/"},
		{`contains "b" "abc"`, "true"},
		{`contains "abc" "b"`, "false"},
		{`toLower "AbC"`, "abc"},
		{`kubevirtInterfaces "a,b"`, "a,b"},
		{`excludeInterfaces "a,b"`, "a,b"},
		{`env "HOME" "else"`, "else"},

		{`excludeInboundPort .Values.number "1, 2,,"`, "1,2,15020"},
		{`excludeInboundPort 1 "1, 2"`, "1, 2"},
		{`excludeInboundPort "0" "1"`, "1"},
		{`excludeInboundPort "" " 1"`, " 1"},
		{`includeInboundPorts .Spec.Containers`, "80,15090"},
		{`applicationPorts .Spec.Containers`, "80"},

		{`toJSON (strdict "b" "<" "a")`, `{"a":"","b":"\u003c"}`},
		{`toJsonMap`, "null"},
		{`toJsonMap (strdict "a" "1") (strdict "a" "2" "b" "3")`, `{"a":"2","b":"3"}`},
		{`mergeMaps | toJSON`, "{}"},
		{`omit (strdict "a" "1" "b" "2") "a" "c" | toJSON`, `{"b":"2"}`},
		{`structToJSON .Values.none`, "{}"},
		{`structToJSON (index .Spec.Containers 0).Ports`, `[{"containerPort":80},{"containerPort":53,"protocol":"UDP"},{"containerPort":36412,"protocol":"SCTP"}]`},
		{`fromJSON "[1,2]"`, "[1 2]"},
		{`fromJSON "{"`, "{}"},
		{`toYaml .Values.tree`, "empty: {}\nlist:\n- null\n- 1\n- a: null\nnone: null\nonlyNone:\n  a: null\n"},
		{`omitNil .Values.tree | toYaml`, "empty: {}\nlist:\n- 1\n"},
		{`omitNil .Values.none | toYaml`, "null\n"},
		{`indent 2 "a\nb\n"`, "a\n  b\n  "},
		{`indent -2 "a\nb"`, "a\n  b"},
		{`nindent 2 "a\nb"`, "\n  a\n  b"},

		{`appendMultusNetwork "" "default/istio-cni"`, "default/istio-cni"},
		{`appendMultusNetwork "a" "default/istio-cni"`, "a, default/istio-cni"},
		{`appendMultusNetwork "a, default/istio-cni" "default/istio-cni"`, "a, default/istio-cni"},
		{"appendMultusNetwork `[{\"name\":\"a\"}]` `default/istio-cni`", `[{"name":"a"}, {"name": "istio-cni", "namespace": "default"}]`},
		{"appendMultusNetwork `[{\"name\":\"a\"}]` `a`", `[{"name":"a"}]`},
		{"appendMultusNetwork `[{\"name\":\"a\",\"namespace\":\"b\"}]` `a`", `[{"name":"a","namespace":"b"}, {"name": "a"}]`},
		{"appendMultusNetwork `not JSON]` `a`", "not JSON]"},

		{`protoToJSON .ProxyConfig`, "{}"},
		{`formatDuration .ProxyConfig.DrainDuration`, "45s"},
		{`otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels "shop" .Spec.Containers`, ""},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			got, err := evaluate(test.expression, functionData())
			if err != nil || got != test.want {
				t.Errorf("got %q and error %v, want %q", got, err, test.want)
			}
		})
	}
}

// evaluate renders an expression in a template as Istio's configuration has it.
func evaluate(expression string, data *templates.Data) (string, error) {
	template := "metadata: {annotations: {result: {{ quoted (" + expression + ") }} }}"
	stored, err := json.Marshal(map[string]any{"templates": map[string]string{"sidecar": template}})
	if err != nil {
		return "", err
	}
	config, err := templates.ParseConfig(stored)
	if err != nil {
		return "", err
	}
	overlay, err := config.Template("sidecar").Render(data)
	if err != nil {
		return "", err
	}
	return overlay.Annotations[0].Value, nil
}

func TestOTelResourceAttributes(t *testing.T) {
	const expression = `otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels "shop" .Spec.Containers`
	data := functionData()
	data.MeshConfig.ExtensionProviders = []*meshconfig.MeshConfig_ExtensionProvider{{
		Name: "otel",
		Provider: &meshconfig.MeshConfig_ExtensionProvider_Opentelemetry{
			Opentelemetry: &meshconfig.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider{
				ServiceAttributeEnrichment: meshconfig.MeshConfig_ExtensionProvider_OTEL_SEMANTIC_CONVENTIONS,
			},
		},
	}}
	wanted := func(want string) {
		t.Helper()
		if got, err := evaluate(expression, data); err != nil || got != want {
			t.Errorf("got %q and error %v, want %q", got, err, want)
		}
	}
	wanted("service.namespace=shop,service.instance.id=shop.$(POD_NAME).web")
	data.Spec.Containers = data.Spec.Containers[:1]
	for image, version := range map[string]string{
		"r.example.com:5000/web:1.2@sha256:00": "1.2@sha256:00",
		"web@sha256:00":                        "sha256:00",
		"web:1.2":                              "1.2",
	} {
		data.Spec.Containers[0].Image = image
		wanted("service.namespace=shop,service.version=" + version + ",service.instance.id=shop.$(POD_NAME).web")
	}
	data.Spec.Containers[0].Image = "r.example.com:5000/web"
	wanted("service.namespace=shop,service.instance.id=shop.$(POD_NAME).web")
	data.ObjectMeta.Labels["app.kubernetes.io/version"] = "v1"
	wanted("service.namespace=shop,service.version=v1,service.instance.id=shop.$(POD_NAME).web")
	for _, name := range []string{"namespace", "version", "instance.id"} {
		data.ObjectMeta.Annotations["resource.opentelemetry.io/service."+name] = name
	}
	wanted("service.namespace=namespace,service.version=version,service.instance.id=instance.id")
}

// A proxy configuration is written without what every proxy takes for granted,
// and in the bytes of Istio's encoder, which knows no spaces.
func TestProtoToJSON(t *testing.T) {
	data := sample()
	data.ProxyConfig.DrainDuration = durationpb.New(45e9)
	data.ProxyConfig.StatusPort = 15021
	data.ProxyConfig.ProxyMetadata = map[string]string{"b": "<&>", "a": "é"}
	const want = `{"proxyMetadata":{"a":"é","b":"\u003c\u0026\u003e"},"statusPort":15021}`
	for range 2 { // the second is remembered
		if got, err := evaluate(`protoToJSON .ProxyConfig`, data); err != nil || got != want {
			t.Errorf("got %q and error %v, want %q", got, err, want)
		}
	}
}

// The values are those of all pods: what one template writes must not reach the next.
func TestRenderKeepsTheValues(t *testing.T) {
	data := functionData()
	for _, expression := range []string{
		`set .Values "text" "y" | len`,
		`unset .Values.tree "list" | len`,
		`(merge .Values.tree (dict "new" "y")).new`,
		`if true }}{{ with .Values }}{{ set . "text" "y" | len }}{{ end }}{{ end }}{{ define "a" }}{{ (mergeOverwrite .Values (dict "text" "y")).text }}{{ end }}{{ template "a" . `,
	} {
		template, err := templates.Parse("template.yaml", "# {{ "+expression+" }}")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := template.Render(data); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(data.Values) != fmt.Sprint(functionData().Values) {
			t.Fatalf("%s changed the values to %v", expression, data.Values)
		}
	}
}

// FuzzFunctions calls every function that takes texts with texts of a pod's author.
func FuzzFunctions(f *testing.F) {
	for i, name := range hostile {
		f.Add(name, hostile[len(hostile)-1-i], i)
	}
	f.Add(`[{"name":"a"}]`, "b/a", -1)
	f.Add(`{"a":{"b":null}}`, "15020", 1<<40)
	config, err := templates.ParseConfig([]byte(`
templates:
  sidecar: |
    # {{ $a := .ObjectMeta.Name }}{{ $b := .ObjectMeta.GenerateName }}{{ $n := .ProxyUID }}
    metadata:
      annotations:
        a: {{ quoted (appendMultusNetwork $a $b) (excludeInboundPort $a $b) (excludeInboundPort $n $a) (indent (int $n) $a) }}
        b: {{ quoted (fromJSON $a) (fromJSON $a | toYaml) (fromJSON $a | omitNil) (fromJSON $b | structToJSON) }}
        c: {{ quoted (strdict $a $b $a | toJSON) (toJsonMap .ObjectMeta.Labels) (omit .ObjectMeta.Labels $a) (directory $a) }}
        d: {{ quoted (annotation .ObjectMeta $a $b) (valueOrDefault $a $b) (isset .ObjectMeta.Labels $b) (contains $a $b) (env $a $b) }}
        e: {{ quoted (otelResourceAttributes .MeshConfig .ObjectMeta.Labels .ObjectMeta.Annotations $a .Spec.Containers) }}
        f: {{ fromJSON $a | toJson | quoted }}
        g: {{ proxyResources .ObjectMeta (fromJSON $b) | quoted }}
`))
	if err != nil {
		f.Fatal(err)
	}
	template := config.Template("sidecar")
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		data := sample()
		data.ObjectMeta = &metav1.ObjectMeta{Name: a, GenerateName: b, Labels: map[string]string{a: b}}
		data.ObjectMeta.Annotations = map[string]string{b: a, "sidecar.istio.io/proxyCPU": a}
		data.Spec.Containers[0].Image = a
		data.ProxyUID = int64(n)
		if _, err := template.Render(data); err != nil {
			t.Fatal(err)
		}
	})
}
