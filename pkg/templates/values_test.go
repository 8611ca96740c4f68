package templates_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
			if diff := cmp.Diff(values(t, test.want), under.With(over)); diff != "" {
				t.Errorf("result differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(values(t, test.under), under); diff != "" {
				t.Errorf("the values below were changed (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(values(t, test.over), over); diff != "" {
				t.Errorf("the values above were changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestProxyImage(t *testing.T) {
	tests := []struct{ name, values, want, wantErr string }{
		{name: "default", want: "docker.io/istio/proxyv2:1.31.1"},
		{name: "own registry", values: `global: {hub: "registry.example.com:5000/istio", tag: "1.30"}`, want: "registry.example.com:5000/istio/proxyv2:1.30"},
		{name: "whole image", values: `global: {tag: null, proxy: {image: example.com/proxy@sha256:00}}`, want: "example.com/proxy@sha256:00"},
		{name: "no image", values: `global: {proxy: 1}`, wantErr: "values: global.proxy.image is <nil>; set it to a string, in quotes where it looks like a number"},
		{name: "tag that looks like a number", values: `global: {tag: 1.30}`, wantErr: "values: global.tag is 1.3; set it to a string, in quotes where it looks like a number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := templates.DefaultValues().With(values(t, test.values)).ProxyImage()
			if message(err) != test.wantErr || got != test.want {
				t.Errorf("got %q and error %q, want %q and error %q", got, message(err), test.want, test.wantErr)
			}
		})
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
		if diff := cmp.Diff(once, once.With(over)); diff != "" {
			t.Errorf("laying the same values on top again changes the result (-once +twice):\n%s", diff)
		}
		if image, err := once.ProxyImage(); err == nil && image == "" {
			t.Error("an empty image is no error")
		}
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

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
