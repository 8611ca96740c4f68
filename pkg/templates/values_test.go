package templates_test

import (
	"cmp"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	networkingv1beta1 "istio.io/api/networking/v1beta1"

	"github.com/meshward/meshward/pkg/templates"
)

func TestValuesWith(t *testing.T) {
	tests := []struct{ name, under, over, want string }{
		{"objects merge", `{a: {b: 1, c: 2}}`, `{a: {c: 3, d: 4}}`, `{a: {b: 1, c: 3, d: 4}}`},
		{"lists replace", `{a: [1, 2]}`, `{a: [3]}`, `{a: [3]}`},
		{"null removes", `{a: {b: 1, c: 2}}`, `{a: {b: null}}`, `{a: {c: 2}}`},
		{"null removes nothing", `{}`, `{a: {b: null}}`, `{a: {}}`},
		{"scalar replaces object", `{a: {b: 1}}`, `{a: 2}`, `{a: 2}`},
		{"object replaces scalar", `{a: 2}`, `{a: {b: 1}}`, `{a: {b: 1}}`},
		{"nothing over", `{a: 1}`, ``, `{a: 1}`},
		{"nothing under", ``, `{a: 1}`, `{a: 1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			under, over := values(t, test.under), values(t, test.over)
			if diff := gocmp.Diff(values(t, test.want).Map(), under.With(over).Map()); diff != "" {
				t.Errorf("result differs (-want +got):\n%s", diff)
			}
			if diff := gocmp.Diff(values(t, test.under).Map(), under.Map()); diff != "" {
				t.Errorf("the values below were changed (-before +after):\n%s", diff)
			}
			if diff := gocmp.Diff(values(t, test.over).Map(), over.Map()); diff != "" {
				t.Errorf("the values above were changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestImages(t *testing.T) {
	debug := map[string]string{"sidecar.istio.io/proxyImageType": "debug"}
	standard := map[string]string{"sidecar.istio.io/proxyImageType": "default"}
	distroless := &networkingv1beta1.ProxyImage{ImageType: "distroless"}
	tests := []struct {
		name, values string
		image        *networkingv1beta1.ProxyImage
		annotations  map[string]string
		want         string
		wantInit     string // want where it is empty
	}{
		{name: "default", want: "docker.io/istio/proxyv2:1.31.1"},
		{name: "own registry", values: `global: {hub: "registry.example.com:5000/istio", tag: "1.30"}`, want: "registry.example.com:5000/istio/proxyv2:1.30"},
		{name: "own names", values: `global: {proxy: {image: p}, proxy_init: {image: i}}`, want: "docker.io/istio/p:1.31.1", wantInit: "docker.io/istio/i:1.31.1"},
		{name: "tag that looks like a number", values: `global: {tag: 1.10}`, want: "docker.io/istio/proxyv2:1.1"},
		{name: "long number", values: `global: {tag: 20240101}`, want: "docker.io/istio/proxyv2:2.0240101e+07"},
		{name: "variant", values: `global: {variant: distroless}`, want: "docker.io/istio/proxyv2:1.31.1-distroless"},
		{name: "variant of a tag that has one", values: `global: {tag: 1.31.1-debug, variant: distroless}`, want: "docker.io/istio/proxyv2:1.31.1-distroless"},
		{name: "default removes", values: `global: {tag: 1.31.1-debug}`, annotations: standard, want: "docker.io/istio/proxyv2:1.31.1"},
		{
			name: "proxy config over variant", values: `global: {variant: debug}`, image: distroless,
			want: "docker.io/istio/proxyv2:1.31.1-distroless", wantInit: "docker.io/istio/proxyv2:1.31.1-debug",
		},
		{name: "annotation over all", values: `global: {variant: distroless}`, image: distroless, annotations: debug, want: "docker.io/istio/proxyv2:1.31.1-debug"},
		{name: "any type", annotations: map[string]string{"sidecar.istio.io/proxyImageType": "fips"}, want: "docker.io/istio/proxyv2:1.31.1-fips"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := templates.DefaultValues().With(values(t, test.values))
			if got := all.ProxyImage(test.image, test.annotations); got != test.want {
				t.Errorf("the proxy's image is %q, want %q", got, test.want)
			}
			want := cmp.Or(test.wantInit, test.want)
			if got := all.ProxyInitImage(test.annotations); got != want {
				t.Errorf("the init image is %q, want %q", got, want)
			}
		})
	}
}

func TestValuesAt(t *testing.T) {
	all := values(t, `{a: {on-it: true, off-it: false, word: "true", number: 1.5, list: [], nil: null}}`)
	if !all.Bool("a", "on-it") || all.Bool("a", "off-it") || all.Bool("a", "word") || all.Bool("a", "number", "deeper") {
		t.Error("only true is true")
	}
	for key, want := range map[string]string{"on-it": "true", "word": "true", "number": "1.5", "list": "", "nil": "", "absent": ""} {
		if got := all.Text("a", key); got != want {
			t.Errorf("the text at %s is %q, want %q", key, got, want)
		}
	}
	if (templates.Values{}).Text("a") != "" {
		t.Error("there is a text in no values")
	}
}

func TestParseValuesFails(t *testing.T) {
	for name, text := range map[string]string{
		"a key twice":   "global: {hub: a, hub: b}",
		"not an object": "- hub",
		"not YAML":      "global: {",
	} {
		if parsed, err := templates.ParseValues([]byte(text)); err == nil {
			t.Errorf("%s: read as %v", name, parsed)
		}
	}
}

func FuzzParseValues(f *testing.F) {
	f.Add([]byte(`global: {tag: 1.30, proxy: {image: a/b}}`))
	f.Add([]byte(`{"global": {"hub": null}}`))
	f.Add([]byte("a: 1\na: 2"))
	f.Add([]byte("- 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		over, err := templates.ParseValues(text)
		if err != nil {
			return
		}
		once := templates.DefaultValues().With(over)
		if diff := gocmp.Diff(once.Map(), once.With(over).Map()); diff != "" {
			t.Errorf("laying the same values on top again changes the result (-once +twice):\n%s", diff)
		}
		once.ProxyImage(nil, nil)
		once.ProxyInitImage(nil)
		once.Bool("global", "proxy")
	})
}

func values(t *testing.T, text string) templates.Values {
	t.Helper()
	parsed, err := templates.ParseValues([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
