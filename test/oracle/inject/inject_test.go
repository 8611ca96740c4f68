package inject_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/test/oracle/inject"
	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

var istio *inject.Istio

func TestMain(m *testing.M) {
	istio = inject.NewIstio()
	os.Exit(m.Run())
}

func run(t *testing.T, ours inject.Side, workloads, shown int) (agreed bool, told string) {
	t.Helper()
	var out bytes.Buffer
	run := inject.Run{Workloads: workloads, Seed: 7, Only: -1, Out: t.TempDir(), Shown: shown, Pair: inject.Pair{Istio: istio, Ours: ours}}
	agreed, err := run.All(&out, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return agreed, out.String()
}

// Istio agrees with itself, or nothing that is told of others is worth anything.
func TestItself(t *testing.T) {
	t.Parallel()
	agreed, told := run(t, inject.Calm{Side: istio}, 100, 1)
	if last := "\noracle-inject: 100 workloads, 0 differ\n"; !agreed || !strings.HasSuffix(told, last) {
		t.Errorf("Istio differs from itself:\n%s", told)
	}
}

// altered is Istio's injector with a mistake.
type altered struct {
	inject.Side
	command func(out []byte) ([]byte, error)
	webhook func(patch []byte) ([]byte, string, error)
}

func (a altered) CommandLine(f *files.Files, manifest []byte) (out []byte, warnings []string, err error) {
	out, warnings, err = a.Side.CommandLine(f, manifest)
	if err == nil && a.command != nil {
		out, err = a.command(out)
	}
	return out, warnings, err
}

func (a altered) Webhook(f *files.Files, r *gen.Request) (patch []byte, denied string, err error) {
	patch, denied, err = a.Side.Webhook(f, r)
	if err == nil && denied == "" && a.webhook != nil {
		return a.webhook(patch)
	}
	return patch, denied, err
}

var mistakes = map[string]struct {
	altered
	want string
}{
	"a byte on the command line": {
		altered{command: func(out []byte) ([]byte, error) { return bytes.Replace(out, []byte("15090"), []byte("15091"), 1), nil }},
		"command-line: ",
	},
	"a blank on the command line": {
		altered{command: func(out []byte) ([]byte, error) { return append(out, ' '), nil }},
		"command-line: layout",
	},
	"an error on the command line": {
		altered{command: func([]byte) ([]byte, error) { return nil, fmt.Errorf("error %d", 42) }},
		"command-line: only meshward refuses: error: error ##",
	},
	"a word in the patch": {
		altered{webhook: func(patch []byte) ([]byte, string, error) {
			return bytes.ReplaceAll(patch, []byte("istio-envoy"), []byte("istio-envoi")), "", nil
		}},
		"webhook: ",
	},
	"no patch": {
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "", nil }},
		"webhook: ",
	},
	"a patch that does not apply": {
		altered{webhook: func([]byte) ([]byte, string, error) { return []byte(`[{"op":"remove","path":"/nothing"}]`), "", nil }},
		"webhook: a patch does not apply",
	},
	"a denial": {
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "because", nil }},
		"webhook: only meshward refuses: denied: because",
	},
	"a panic": {
		altered{webhook: func([]byte) ([]byte, string, error) { panic("help") }},
		"webhook: meshward panics",
	},
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Side = inject.Calm{Side: istio}
			agreed, told := run(t, c.altered, 8, 0)
			if agreed || !strings.Contains(told, c.want) {
				t.Errorf("not found: want %q in\n%s", c.want, told)
			}
		})
	}
}

// The workload of a difference is made as small as it gets.
func TestSmallest(t *testing.T) {
	t.Parallel()
	side := altered{Side: inject.Calm{Side: istio}, command: func(out []byte) ([]byte, error) {
		return bytes.ReplaceAll(out, []byte("hdd"), []byte("ssd")), nil
	}}
	_, told := run(t, side, 40, 1)
	if !strings.Contains(told, "features spec/scheduling\n") {
		t.Errorf("want a workload with one feature in\n%s", told)
	}
}

// Most installations have the templates that workloads ask for, and all have Istio's.
func TestTemplates(t *testing.T) {
	t.Parallel()
	all, err := files.All()
	if err != nil {
		t.Fatal(err)
	}
	shipped := []string{"sidecar", "gateway", "grpc-simple", "grpc-agent", "waypoint", "kube-gateway", "agentgateway", "agentgateway-waypoint"}
	for _, f := range all {
		var config struct{ Templates map[string]string }
		if err := yaml.Unmarshal(f.Config, &config); err != nil {
			t.Fatal(err)
		}
		want := shipped
		if !strings.HasPrefix(f.Name, "untouched") {
			want = append(gen.Custom(), shipped...)
		}
		if len(config.Templates) != len(want) {
			t.Errorf("%s has %d templates, want %d", f.Name, len(config.Templates), len(want))
		}
		for _, name := range want {
			if _, there := config.Templates[name]; !there {
				t.Errorf("%s has no template %s", f.Name, name)
			}
		}
		var values map[string]any
		if err := json.Unmarshal(f.Values, &values); err != nil && yaml.Unmarshal(f.Values, &values) != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// Istio takes the files of every installation, so that nothing is compared with its
// complaints about them.
func TestInstallations(t *testing.T) {
	t.Parallel()
	all, err := files.All()
	if err != nil {
		t.Fatal(err)
	}
	pod := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"sidecar.istio.io/inject":"true"}},"spec":{"containers":[{"name":"c"}]}}`)
	for _, f := range all {
		if _, _, err := istio.CommandLine(f, pod); err != nil {
			t.Errorf("%s: command line: %v", f.Name, err)
		}
		patch, denied, err := istio.Webhook(f, &gen.Request{Pod: pod, Namespace: "default", Path: "/inject"})
		if err != nil || denied != "" || len(patch) == 0 && !strings.HasPrefix(f.Name, "policy-odd") {
			t.Errorf("%s: webhook: %v, %s", f.Name, err, denied)
		}
	}
}
