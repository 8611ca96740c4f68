package manifests_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	// Hooks are flags of "meshward bootstrap hooks", for each time that its output is applied
	// on top.
	Hooks [][]string `json:"hooks"`
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
	return bootstrap(t, i.Bootstrap)
}

func bootstrap(t *testing.T, flags []string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t), append([]string{"bootstrap"}, flags...)...).Output()
	if err != nil {
		t.Fatalf("bootstrap %v: %v", flags, err)
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
				for _, flags := range i.Hooks {
					maps.Copy(printed, read(t, bootstrap(t, append([]string{"hooks"}, flags...))))
				}
				sortNames(t, printed)
				sortNames(t, helm)
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

// sortNames brings the names of the configurations that may be written into one order: it
// means nothing.
func sortNames(t *testing.T, objects manifests.Objects) {
	t.Helper()
	role, is := objects["ClusterRole <nil>/meshward-certificates"]
	if !is {
		return
	}
	for _, rule := range role["rules"].([]any) {
		if names, is := rule.(map[string]any)["resourceNames"].([]any); is {
			slices.SortFunc(names, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		}
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
			if bytes.Contains(text, []byte("caBundle:")) {
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
			if wanted := 5 + i.moreWebhooks(); webhooks != wanted {
				t.Errorf("%d webhooks, want %d", webhooks, wanted)
			}
		})
	}
}

// moreWebhooks are those of the revisions and tags beside the default one: each has two.
func (i installation) moreWebhooks() int {
	values := map[string]bool{}
	for _, flags := range append(i.Hooks, i.Bootstrap) {
		for _, flag := range flags {
			name, value, _ := strings.Cut(flag, "=")
			if name == "--tag" || name == "--revision" {
				values[value] = true
			}
		}
	}
	delete(values, "default")
	return 2 * len(values)
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

// The chart refuses to give one value of istio.io/rev to two.
func TestOneRevisionForEachValue(t *testing.T) {
	for name, values := range map[string]map[string]any{
		"a tag that is the default revision": {"tags": []any{"default"}},
		"a tag twice":                        {"tags": []any{"prod"}, "revisions": []any{map[string]any{"name": "canary", "tags": []any{"prod"}}}},
		"a revision twice":                   {"revisions": []any{map[string]any{"name": "canary"}, map[string]any{"name": "canary"}}},
		"the default revision":               {"revisions": []any{map[string]any{"name": "default"}}},
		"the default tag twice":              {"revisions": []any{map[string]any{"name": "a", "tags": []any{"default"}}, map[string]any{"name": "b", "tags": []any{"default"}}}},
	} {
		if _, err := manifests.Helm(values, defaultNamespace); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := manifests.Helm(map[string]any{"tags": []any{"Prod"}}, defaultNamespace); err == nil {
		t.Error("a tag that is no DNS label is taken")
	}
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
// What is for the Prometheus operator is a part that the chart has as well.
func TestBootstrapIsFresh(t *testing.T) {
	folder := filepath.Join(manifests.Root(), "cmd", "webhook", "bootstrap")
	for _, mode := range []string{"self-managed", "cert-manager"} {
		text := installation{Folder: "overlays/" + mode}.kustomize(t)
		fresh(t, filepath.Join(folder, mode+".yaml"), documents(text, func(document string) bool {
			return !strings.Contains(document, "kind: MutatingWebhookConfiguration\n")
		}))
	}
	plain := installation{Folder: "default"}.kustomize(t)
	watched := installation{Folder: "default", Components: []string{monitoring}}.kustomize(t)
	more := documents(watched, func(document string) bool { return !bytes.Contains(plain, []byte(document)) })
	fresh(t, filepath.Join(folder, "monitoring.yaml"), more)
	fresh(t, filepath.Join(manifests.Root(), "config", "chart", "monitoring", "rendered.yaml"), more)
}

// monitoring is the folder of that component, seen from the others.
const monitoring = "../monitoring"

// documents are those that are wanted.
func documents(text []byte, wanted func(document string) bool) string {
	var all []string
	for document := range strings.SplitSeq(string(text), "---\n") {
		if wanted(document) {
			all = append(all, document)
		}
	}
	return strings.Join(all, "---\n")
}

// fresh holds a file to what it is made of, or makes it.
func fresh(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not fresh; run make generate (-want +got):\n%s", file, diff)
	}
}
