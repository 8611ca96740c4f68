package manifests_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/test/manifests"
)

var update = flag.Bool("update", false, "rewrite the manifests in the binary")

// An installation is said in three ways: what is applied by kustomize, the values
// of the chart, and the flags of "meshward bootstrap".
type installation struct {
	Folder     string         `json:"folder"`
	Components []string       `json:"components"`
	Values     map[string]any `json:"values"`
	// Bootstrap is missing where the binary does not print such an installation.
	Bootstrap []string `json:"bootstrap"`
	// Namespace is meshward-system, but where kustomize is left out of it.
	Namespace string `json:"namespace"`
}

const defaultNamespace = "meshward-system"

func installations(t *testing.T) map[string]installation {
	t.Helper()
	text, err := os.ReadFile("testdata/installations.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]installation
	if err := yaml.UnmarshalStrict(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (i installation) kustomize(t *testing.T) []byte {
	t.Helper()
	text, err := manifests.Kustomize(i.Folder, i.Components, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (i installation) helm(t *testing.T) []byte {
	t.Helper()
	namespace := i.Namespace
	if namespace == "" {
		namespace = defaultNamespace
	}
	text, err := manifests.Helm(i.Values, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (i installation) bootstrap(t *testing.T) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t), append([]string{"bootstrap"}, i.Bootstrap...)...).Output()
	if err != nil {
		t.Fatalf("bootstrap %v: %v", i.Bootstrap, err)
	}
	return out
}

func read(t *testing.T, text []byte) manifests.Objects {
	t.Helper()
	objects, err := manifests.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Whoever installs by kustomize, by Helm or by the binary has installed the same, object by
// object. Only the namespace is not the chart's: "helm install --create-namespace" makes it.
func TestOneInstallation(t *testing.T) {
	for name, i := range installations(t) {
		t.Run(name, func(t *testing.T) {
			helm := read(t, i.helm(t))
			if i.Bootstrap != nil {
				printed := read(t, i.bootstrap(t))
				drop(t, printed)
				if diff := cmp.Diff(printed, helm); diff != "" {
					t.Errorf("the chart does not install what bootstrap prints (-bootstrap +helm):\n%s", diff)
				}
			}
			if i.Folder == "" {
				return
			}
			kustomize := read(t, i.kustomize(t))
			drop(t, kustomize)
			if diff := cmp.Diff(kustomize, helm); diff != "" {
				t.Errorf("the chart does not install what the overlay does (-kustomize +helm):\n%s", diff)
			}
		})
	}
}

// drop takes the namespace away, which has to be there.
func drop(t *testing.T, objects manifests.Objects) {
	t.Helper()
	for name, object := range objects {
		if object["kind"] == "Namespace" {
			delete(objects, name)
			return
		}
	}
	t.Error("there is no Namespace")
}

// Every overlay is compared.
func TestEveryOverlayIsAnInstallation(t *testing.T) {
	known := map[string]bool{"local": true} // a process of one's own, no installation
	for _, i := range installations(t) {
		known[filepath.Base(i.Folder)] = true
	}
	overlays, err := os.ReadDir(filepath.Join(manifests.Root(), "config", "overlays"))
	if err != nil {
		t.Fatal(err)
	}
	for _, overlay := range overlays {
		if !known[overlay.Name()] {
			t.Errorf("config/overlays/%s is not in testdata/installations.yaml", overlay.Name())
		}
	}
}

// Nothing that is installed names caBundle, and every webhook leaves the namespaces alone
// that have to start first.
func TestWebhooks(t *testing.T) {
	for name, i := range installations(t) {
		t.Run(name, func(t *testing.T) {
			text := i.helm(t)
			if i.Folder != "" {
				text = i.kustomize(t) // the chart is the same
			}
			if bytes.Contains(text, []byte("caBundle")) {
				t.Error("caBundle is named")
			}
			webhooks := 0
			for _, object := range read(t, text) {
				listed, _ := object["webhooks"].([]any)
				for _, webhook := range listed {
					webhooks++
					left := leftAlone(t, webhook)
					for _, namespace := range []string{"kube-system", "cert-manager", "istio-cni", "calico-system", defaultNamespace} {
						if i.Namespace != "" && namespace == defaultNamespace {
							namespace = i.Namespace
						}
						if !strings.Contains(left, " "+namespace+" ") {
							t.Errorf("a webhook does not leave %s alone, but %s", namespace, left)
						}
					}
				}
			}
			if webhooks != 5 {
				t.Errorf("%d webhooks, want 5", webhooks)
			}
		})
	}
}

// leftAlone is the first list of a webhook's namespaces, with a space around each.
func leftAlone(t *testing.T, webhook any) string {
	t.Helper()
	var has struct {
		NamespaceSelector struct {
			MatchExpressions []struct {
				Key, Operator string
				Values        []string
			}
		}
	}
	text, err := yaml.Marshal(webhook)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &has); err != nil {
		t.Fatal(err)
	}
	first := has.NamespaceSelector.MatchExpressions[0]
	if first.Key != "kubernetes.io/metadata.name" || first.Operator != "NotIn" {
		t.Errorf("a webhook's first expression is about %s %s", first.Key, first.Operator)
	}
	return " " + strings.Join(first.Values, " ") + " "
}

// An overlay of one's own adds a namespace in one place, for every webhook.
func TestOneMoreNamespace(t *testing.T) {
	folder := t.TempDir()
	config, err := filepath.Rel(folder, filepath.Join(manifests.Root(), "config"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("more/kustomization.yaml", `
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Namespaces, name: meshward}
  patch: |-
    - {op: add, path: /startFirst/-, value: storage}
`)
	write("kustomization.yaml", `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [`+config+`/default]
components: [more, `+config+`/components/namespaces]
`)
	text, err := manifests.Build(folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, object := range read(t, text) {
		listed, _ := object["webhooks"].([]any)
		for _, webhook := range listed {
			if left := leftAlone(t, webhook); !strings.HasSuffix(left, " meshward-system storage ") {
				t.Errorf("%s leaves alone %s", name, left)
			}
		}
	}
}

// What the binary prints is what the overlays render to, but for the hooks, which it makes.
func TestBootstrapIsFresh(t *testing.T) {
	for _, mode := range []string{"self-managed", "cert-manager"} {
		file := filepath.Join(manifests.Root(), "cmd", "webhook", "bootstrap", mode+".yaml")
		var documents []string
		for document := range strings.SplitSeq(string(installation{Folder: "overlays/" + mode}.kustomize(t)), "---\n") {
			if !strings.Contains(document, "kind: MutatingWebhookConfiguration\n") {
				documents = append(documents, document)
			}
		}
		want := strings.Join(documents, "---\n")
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not fresh; run make generate (-want +got):\n%s", file, diff)
		}
	}
}
