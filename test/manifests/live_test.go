package manifests_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/manifests"
)

// stage is a control plane that nobody has installed anything on but definitions.
type stage struct{ *cluster.Cluster }

func open(t *testing.T) stage {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{Name: "manifests", Nodes: 2, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := stage{c}
	s.ok(t, "", "apply", "--server-side", "-f", definitions(t), "-f", "testdata/prometheus-operator")
	s.ok(t, "", "wait", "--for=condition=Established", "customresourcedefinitions", "--all")
	return s
}

// definitions is the folder of cert-manager's, in the module that the product depends on.
func definitions(t *testing.T) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager")
	list.Dir = manifests.Root()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := filepath.Join(strings.TrimSpace(string(out)), "deploy", "crds")
	folder := t.TempDir()
	files, err := filepath.Glob(filepath.Join(all, "cert-manager.io_*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no definitions: %v", all, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// kubectl runs kubectl with some input, and returns all that it says.
func (s stage) kubectl(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	command := s.Kubectl(t.Context(), args...)
	command.Stdin = strings.NewReader(input)
	out, err := command.CombinedOutput()
	return string(out), err
}

func (s stage) ok(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := s.kubectl(t, input, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// eventually repeats a question until the answer is as wanted: what is stored takes effect
// a moment later.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const patience = 60 * time.Second
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func TestLive(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a control plane")
	}
	s := open(t)
	t.Run("dry run", s.dryRun)
	t.Run("nobody answers", s.nobodyAnswers)
}

// dryRun shows every rendered object to the API server, which knows their schemas and
// admits them, without a warning.
func (s stage) dryRun(t *testing.T) {
	for _, namespace := range []string{defaultNamespace, "mesh", "istio-system"} {
		s.ok(t, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q, "labels": {"pod-security.kubernetes.io/warn": "restricted"}}}`, namespace), "apply", "-f", "-")
	}
	for name, i := range installations(t) {
		texts := map[string][]byte{"helm": i.helm(t)}
		if i.Folder != "" {
			texts["kustomize"] = i.kustomize(t)
		}
		if i.Bootstrap != nil {
			texts["bootstrap"] = i.bootstrap(t)
		}
		for by, text := range texts {
			t.Run(name+" "+by, func(t *testing.T) {
				out := s.ok(t, string(text), "apply", "--dry-run=server", "--validate=strict", "-f", "-")
				wanted := len(read(t, text))
				if said := strings.Count(out, "(server dry run)"); said != wanted || strings.Contains(out, "Warning") {
					t.Errorf("%d objects, want %d without a warning:\n%s", said, wanted, out)
				}
			})
		}
	}
}

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s}
spec: {containers: [{name: main, image: main}]}
`

const route = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: route, namespace: shop}
spec:
  hosts: [shop.example.com]
  http: [{route: [{destination: {host: shop.example.com}}]}]
`

const service = `
apiVersion: v1
kind: Service
metadata: {name: %s, namespace: %s}
spec: {ports: [{port: 80}]}
`

// nobodyAnswers installs with both policies set to Fail. No network of pods is here, so no
// webhook is ever reached: the worst that can be. What the cluster needs to come back goes
// on, what asked for the mesh waits, and one line ends it.
func (s stage) nobodyAnswers(t *testing.T) {
	strict := installation{Bootstrap: []string{"--validation-failure-policy=Fail"}}
	s.ok(t, string(strict.bootstrap(t)), "apply", "-f", "-")
	s.ok(t, "", "create", "namespace", "shop")
	s.ok(t, "", "label", "namespace", "shop", "kube-system", "istio-system", "istio-injection=enabled")
	eventually(t, "a pod of the mesh waits", func() bool {
		out, err := s.kubectl(t, fmt.Sprintf(pod, "waits", "shop"), "create", "--dry-run=server", "-f", "-")
		return err != nil && strings.Contains(out, "failed calling webhook")
	})
	eventually(t, "a route waits", func() bool {
		out, err := s.kubectl(t, route, "create", "--dry-run=server", "-f", "-")
		return err != nil && strings.Contains(out, "failed calling webhook")
	})
	for _, namespace := range []string{"kube-system", "istio-system", "default"} {
		s.ok(t, fmt.Sprintf(pod, "starts", namespace), "create", "-f", "-")
	}
	for _, namespace := range []string{"kube-system", defaultNamespace} {
		s.ok(t, fmt.Sprintf(service, "starts", namespace), "create", "-f", "-")
	}
	s.ok(t, "", "rollout", "status", "deployment/meshward", "-n", defaultNamespace, "--timeout=60s")

	// All nodes at once lose what runs on them.
	before := s.ready(t)
	s.ok(t, "", "delete", "pods", "--all", "--all-namespaces", "--force", "--grace-period=0")
	eventually(t, "both replicas are back", func() bool {
		now := s.ready(t)
		return len(now) == 2 && !slices.Contains(before, now[0]) && !slices.Contains(before, now[1])
	})

	s.ok(t, "", strings.Fields(killSwitch(t))...)
	eventually(t, "a pod starts once more", func() bool {
		_, err := s.kubectl(t, fmt.Sprintf(pod, "starts", "shop"), "apply", "-f", "-")
		return err == nil
	})
	s.ok(t, route, "create", "-f", "-")
}

// ready are the names of our replicas that are ready.
func (s stage) ready(t *testing.T) []string {
	t.Helper()
	const names = `jsonpath={range .items[?(@.status.containerStatuses[0].ready==true)]}{.metadata.name} {end}`
	return strings.Fields(s.ok(t, "", "get", "pods", "-n", defaultNamespace, "-l", "app.kubernetes.io/name=meshward", "-o", names))
}

// killSwitch is the line of the handbook, without its "kubectl".
func killSwitch(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(manifests.Root(), "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if rest, is := bytes.CutPrefix(line, []byte("kubectl delete ")); is && bytes.Contains(rest, []byte("webhookconfigurations")) {
			return "delete " + strings.TrimSpace(string(rest))
		}
	}
	t.Fatal("docs/operations.md has no line that turns everything off")
	return ""
}
