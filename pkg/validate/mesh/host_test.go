package mesh_test

import (
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

func TestResolve(t *testing.T) {
	tests := map[string]string{
		"":                    "",
		"*":                   "*",
		"reviews":             "reviews.default.svc.cluster.local",
		"reviews.prod":        "reviews.prod", // a dot, so nobody expands it
		"reviews.prod.svc":    "reviews.prod.svc",
		"*.example.com":       "*.example.com",
		"10.0.0.1":            "10.0.0.1",
		"2001:db8::1":         "2001:db8::1",
		"Reviews":             "Reviews.default.svc.cluster.local",
		"*reviews":            "*reviews.default.svc.cluster.local",
		"www.example.com":     "www.example.com",
		"reviews.default.svc": "reviews.default.svc",
	}
	for host, want := range tests {
		if got := mesh.Resolve(host, "default", "cluster.local"); got != want {
			t.Errorf("Resolve(%q) = %q, want %q", host, got, want)
		}
	}
}

// FuzzResolve checks that what is resolved stays as it is, from any namespace.
func FuzzResolve(f *testing.F) {
	f.Add("reviews", "default")
	f.Add("*", "")
	f.Add("::1", "x")
	f.Fuzz(func(t *testing.T, host, namespace string) {
		once := mesh.Resolve(host, namespace, "cluster.local")
		if twice := mesh.Resolve(once, namespace+"x", "cluster.local"); twice != once {
			t.Errorf("%q becomes %q, then %q", host, once, twice)
		}
		if !strings.HasPrefix(once, host) {
			t.Errorf("%q becomes %q", host, once)
		}
	})
}

// FuzzParseConfig reads anything at all: an error, or settings with a root namespace.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("rootNamespace: istio-config\ndefaultServiceExportTo: ['.']\n"))
	f.Add([]byte("- a\n"))
	f.Add([]byte("defaultConfig: {concurrency: x}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := mesh.ParseConfig(text)
		if err == nil && cfg.RootNamespace == "" {
			t.Errorf("%q gives no root namespace", text)
		}
	})
}
