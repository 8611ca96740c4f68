package injection_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/meshward/meshward/pkg/injection"
)

// Files hold the value of a key or the whole ConfigMap, whoever reads them.
func TestFiles(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"config":       "policy: enabled\n",
		"values":       "global: {}\n",
		"mesh":         "rootNamespace: istio-system\n",
		"no-yaml":      "{{ of: no [form",
		"kind-alone":   "kind: of a value\n",
		"empty":        "",
		"injector":     "apiVersion: v1\nkind: ConfigMap\ndata:\n  config: |\n    policy: disabled\n  values: '{\"from\": \"map\"}'\n",
		"without":      "apiVersion: v1\nkind: ConfigMap\ndata:\n  config: x\n",
		"nothing":      "apiVersion: v1\nkind: ConfigMap\n",
		"istio":        `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"mesh": "rootNamespace: istio-config", "meshNetworks": ""}}`,
		"list":         "apiVersion: v1\nkind: List\nitems: []\n",
		"installation": "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	for name, c := range map[string]struct {
		files                     injection.Files
		config, values, mesh, err string
	}{
		"none":         {},
		"values alone": {files: injection.Files{Config: "config", Values: "values", Mesh: "mesh"}, config: "policy: enabled\n", values: "global: {}\n", mesh: "rootNamespace: istio-system\n"},
		"maps":         {files: injection.Files{Config: "injector", Mesh: "istio"}, config: "policy: disabled\n", values: `{"from": "map"}`, mesh: "rootNamespace: istio-config"},
		"own values":   {files: injection.Files{Config: "injector", Values: "values"}, config: "policy: disabled\n", values: "global: {}\n"},
		"map's values": {files: injection.Files{Values: "injector"}, values: `{"from": "map"}`},
		"both of maps": {files: injection.Files{Config: "config", Values: "injector"}, config: "policy: enabled\n", values: `{"from": "map"}`},
		"no values":    {files: injection.Files{Config: "without"}, config: "x"},
		"odd values":   {files: injection.Files{Config: "no-yaml", Values: "kind-alone", Mesh: "empty"}, config: "{{ of: no [form", values: "kind: of a value\n"},
		"no key":       {files: injection.Files{Config: "istio"}, err: `istio: this ConfigMap has no key "config"`},
		"no data":      {files: injection.Files{Mesh: "nothing"}, err: `nothing: this ConfigMap has no key "mesh"`},
		"a list":       {files: injection.Files{Config: "list"}, err: "list: this is no ConfigMap and no value of one of its keys, but of kind List"},
		"all wrong": {
			files: injection.Files{Config: "gone", Values: "installation", Mesh: "injector"},
			err:   "open gone: no such file or directory\ninstallation: this is no ConfigMap and no value of one of its keys, but of kind IstioOperator\ninjector: this ConfigMap has no key \"mesh\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			texts, err := c.files.Read()
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Errorf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := [...]string{string(texts.Config), string(texts.Values), string(texts.Mesh)}; got != [...]string{c.config, c.values, c.mesh} {
				t.Errorf("%q, want %q, %q and %q", got, c.config, c.values, c.mesh)
			}
			// What no file says is as meshward has it, which is not the same as empty.
			if f := c.files; (texts.Config == nil) != (f.Config == "") || (texts.Mesh == nil) != (f.Mesh == "") || f == (injection.Files{}) && texts.Values != nil {
				t.Errorf("%+v of %+v", texts, f)
			}
		})
	}
}
