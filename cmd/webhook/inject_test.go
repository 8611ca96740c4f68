package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/mutate/workload"
)

// withInjector has the command inject by a stand-in, which leaves pods alone that
// share their node's network, and returns what the command made it of.
func withInjector(t *testing.T) *settings {
	t.Helper()
	var got settings
	built := newInject
	t.Cleanup(func() { newInject = built })
	newInject = func(s settings) (workload.Inject, error) {
		got = s
		return func(pod *corev1.Pod, _ mutate.Workload) (*corev1.Pod, []string, error) {
			if pod.Spec.HostNetwork {
				return nil, []string{"host-network: no sidecar"}, nil
			}
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "sidecar"})
			return pod, nil, nil
		}, nil
	}
	return &got
}

// files writes files into a folder that is the working one from then on.
func files(t *testing.T, texts map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range texts {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	podFile  = "apiVersion: v1\nkind: Pod\nmetadata: {name: reviews}\nspec: {containers: []}\n"
	hostFile = "apiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: ops}\nspec: {hostNetwork: true} # as it was\n"
	podDone  = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: reviews\nspec:\n  containers:\n  - name: sidecar\n    resources: {}\nstatus: {}\n---\n"
)

// TestInject runs the command over files, with a stand-in for the injector.
func TestInject(t *testing.T) {
	inputs := map[string]string{
		"pod.yaml":            podFile,
		"host.yaml":           hostFile,
		"broken.yaml":         "a: b\n---\nc: [d\n",
		"folder/b/host.yml":   hostFile,
		"folder/a/pod.yaml":   podFile,
		"folder/README.md":    "not read",
		"folder/c.yaml/x.txt": "not read",
	}
	tests := map[string]struct {
		args, stdin            string
		status                 int
		stdout, stderr, output string
	}{
		"stdin":   {"", podFile, 0, podDone, "", ""},
		"dash":    {"-f - host.yaml", podFile, 0, podDone + hostFile + "---\n", "host.yaml:1 Pod ops/agent: host-network: no sidecar\n", ""},
		"folder":  {"-f folder", "", 0, podDone + hostFile + "---\n", "folder/b/host.yml:1 Pod ops/agent: host-network: no sidecar\n", ""},
		"output":  {"-o out.yaml -f pod.yaml", "", 0, "", "", podDone},
		"same":    {"-o pod.yaml -f pod.yaml", "", 0, "", "", podDone},
		"broken":  {"-o out.yaml pod.yaml broken.yaml", "", 2, "", "meshward: broken.yaml:3: not YAML: did not find expected ',' or ']'\n", ""},
		"explain": {"--explain pod.yaml host.yaml", "", 0, "pod.yaml:1 Pod reviews: injected\nhost.yaml:1 Pod ops/agent: left alone: host-network: no sidecar\n", "", ""},
		"explain what can be read": {
			"--explain broken.yaml pod.yaml", "", 2, "pod.yaml:1 Pod reviews: injected\n", "meshward: broken.yaml:3: not YAML: did not find expected ',' or ']'\n", "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			withInjector(t)
			files(t, inputs)
			var stdout, stderr bytes.Buffer
			args := append([]string{"inject"}, strings.Fields(test.args)...)
			status := run(args, strings.NewReader(test.stdin), &stdout, &stderr)
			if status != test.status || stdout.String() != test.stdout || stderr.String() != test.stderr {
				t.Errorf("status %d\n%s\n%s\nwant %d\n%s\n%s", status, &stdout, &stderr, test.status, test.stdout, test.stderr)
			}
			if test.output == "" {
				if _, err := os.Stat("out.yaml"); err == nil {
					t.Error("the output file was written")
				}
				return
			}
			file := "out.yaml"
			if name == "same" {
				file = "pod.yaml"
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != test.output {
				t.Errorf("%s, %v, want %s", got, err, test.output)
			}
		})
	}
}

// TestInjectSettings gives Istio's configuration as bare values and in ConfigMaps.
func TestInjectSettings(t *testing.T) {
	inputs := map[string]string{
		"config.yaml":   "policy: enabled\n",
		"values.yaml":   "global: {}\n",
		"mesh.yaml":     "rootNamespace: istio-system\n",
		"injector.yaml": "apiVersion: v1\nkind: ConfigMap\ndata:\n  config: |\n    policy: enabled\n  values: '{\"from\": \"map\"}'\n",
		"istio.yaml":    "apiVersion: v1\nkind: ConfigMap\ndata:\n  mesh: |-\n    rootNamespace: istio-system\n",
		"few.yaml":      "apiVersion: v1\nkind: ConfigMap\ndata:\n  config: x\n",
	}
	tests := map[string]struct{ args, want string }{
		"none":        {"", "|||default|false"},
		"bare":        {"--inject-config config.yaml --values values.yaml --mesh-config mesh.yaml", "policy: enabled\n|global: {}\n|rootNamespace: istio-system\n|default|false"},
		"maps":        {"--inject-config injector.yaml --mesh-config istio.yaml", "policy: enabled\n|{\"from\": \"map\"}|rootNamespace: istio-system|default|false"},
		"own values":  {"--inject-config injector.yaml --values values.yaml", "policy: enabled\n|global: {}\n||default|false"},
		"one map":     {"--values injector.yaml", "|{\"from\": \"map\"}||default|false"},
		"only config": {"--inject-config few.yaml --revision canary --native-sidecars", "x|||canary|true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := withInjector(t)
			files(t, inputs)
			var stdout, stderr bytes.Buffer
			args := append([]string{"inject"}, strings.Fields(test.args)...)
			if status := run(args, strings.NewReader(podFile), &stdout, &stderr); status != 0 {
				t.Fatal(stderr.String())
			}
			text := fmt.Sprintf("%s|%s|%s|%s|%t", got.config, got.values, got.mesh, got.revision, got.native)
			if text != test.want {
				t.Errorf("%q, want %q", text, test.want)
			}
		})
	}
}
