package cluster_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/test/cluster"
)

func TestPodsOfDeploymentBecomeReady(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	namespace := newNamespace(t, c)
	kubectl(t, c, "-n", namespace, "create", "deployment", "web", "--image=example.com/web", "--replicas=3")
	kubectl(t, c, "-n", namespace, "rollout", "status", "deployment/web", "--timeout=60s")

	const ready = `{range .items[*]}{.status.phase} {.status.containerStatuses[*].ready}{"\n"}{end}`
	got := kubectl(t, c, "-n", namespace, "get", "pods", "-o", "jsonpath="+ready)
	want := strings.Repeat("Running true\n", 3)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}

	kubectl(t, c, "-n", namespace, "delete", "deployment", "web")
	kubectl(t, c, "-n", namespace, "wait", "--for=delete", "pods", "--all", "--timeout=60s")
}

// A namespace ends once its controllers have emptied it.
func TestNamespaceIsDeleted(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	namespace := newNamespace(t, c)
	kubectl(t, c, "delete", "namespace", namespace, "--timeout=60s")
	if _, err := tryKubectl(c, "", "get", "namespace", namespace); err == nil || !strings.Contains(err.Error(), "NotFound") {
		t.Errorf("got error %v, want NotFound", err)
	}
}

func TestNodesAreOfTheServersVersion(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	got := kubectl(t, c, "get", "nodes", "-o", `jsonpath={range .items[*]}{.metadata.name} {.status.nodeInfo.kubeletVersion}{"\n"}{end}`)
	want := "meshward-node-1 " + c.Version + "\nmeshward-node-2 " + c.Version + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
}

func TestIstioResourcesHaveTheirSchema(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	namespace := newNamespace(t, c)
	virtualService := func(name, field string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec:\n" +
			"  hosts: [reviews]\n  http: [{route: [{destination: {" + field + ": reviews}}]}]\n"
	}
	if _, err := tryKubectl(c, virtualService("good", "host"), "apply", "-f", "-"); err != nil {
		t.Error(err)
	}
	if _, err := tryKubectl(c, virtualService("bad", "hots"), "apply", "-f", "-"); err == nil {
		t.Error("a VirtualService with a misspelt field was accepted")
	}
}

func TestServiceAccountHasOnlyItsRights(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	namespace := newNamespace(t, c)
	kubectl(t, c, "-n", namespace, "create", "serviceaccount", "reader")
	kubeconfig, err := c.ServiceAccountKubeconfig(t.Context(), namespace, "reader")
	if err != nil {
		t.Fatal(err)
	}

	_, err = tryKubectl(c, "", "--kubeconfig", kubeconfig, "-n", namespace, "get", "pods")
	const refusal = `User "system:serviceaccount:testserviceaccounthasonlyitsrights:reader" cannot list resource "pods"`
	if err == nil || !strings.Contains(err.Error(), refusal) {
		t.Errorf("without a role: got error %v, want one with %q", err, refusal)
	}

	kubectl(t, c, "-n", namespace, "create", "rolebinding", "reader", "--clusterrole=view", "--serviceaccount="+namespace+":reader")
	if _, err := tryKubectl(c, "", "--kubeconfig", kubeconfig, "-n", namespace, "get", "pods"); err != nil {
		t.Errorf("with the role view: %v", err)
	}
	if info, err := os.Stat(kubeconfig); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has the mode %v, error %v; want -rw-------", info.Mode(), err)
	}
}

func TestServiceAccountMustExist(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	_, err := c.ServiceAccountKubeconfig(t.Context(), "default", "nobody")
	if want := `serviceaccounts "nobody" not found`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

func TestCommandReachesTheCluster(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	output, err := c.Command(t.Context(), "sh", "-c", "kubectl config current-context && kubectl get --raw=/readyz").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "meshward\nok"; string(output) != want {
		t.Errorf("got %q, want %q", output, want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	found, err := cluster.Find(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := [...]string{found.Name, found.URL, found.Version, found.Kubeconfig}; got != [...]string{c.Name, c.URL, c.Version, c.Kubeconfig} {
		t.Errorf("found %q, started %v", got, c)
	}
	if _, err := found.ServiceAccountKubeconfig(t.Context(), "default", "nobody"); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("the cluster that was found does not answer as the one that was started: %v", err)
	}
	if err := found.Stop(); err != nil {
		t.Error(err)
	}
	kubectl(t, c, "get", "--raw=/readyz")

	if _, err := cluster.Find(t.TempDir()); !errors.Is(err, cluster.ErrNotRunning) {
		t.Errorf("in an empty directory: got error %v, want ErrNotRunning", err)
	}
}

// Two clusters share nothing, and the end of one is not that of the other.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	namespace := newNamespace(t, c)
	other, err := cluster.Start(t.Context(), cluster.Options{Name: "east"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Stop(); err != nil { // once more, if the test came so far
			t.Error(err)
		}
	})
	if _, err := tryKubectl(other, "", "get", "namespace", namespace); err == nil {
		t.Errorf("namespace %s of one cluster is in the other", namespace)
	}
	if got := kubectl(t, other, "get", "nodes", "-o", "name"); got != "node/east-node-1\n" {
		t.Errorf("got nodes %q, want east-node-1", got)
	}
	if got := processesIn(t, other.Dir); len(got) < 5 {
		t.Errorf("want a process for each of five programs at the least, found %q", got)
	}

	if err := other.Stop(); err != nil {
		t.Error(err)
	}
	if left := processesIn(t, other.Dir); len(left) > 0 {
		t.Errorf("after Stop there are %q", left)
	}
	if _, err := os.Stat(other.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Stop the directory that Start made is there: %v", err)
	}
	select {
	case <-other.Done():
	default:
		t.Error("after Stop the cluster is not done")
	}
	kubectl(t, c, "get", "namespace", namespace)
}

func TestStopEndsCommands(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	found, err := cluster.Find(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	command := found.Command(t.Context(), "sleep", "1000")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if err := found.Stop(); err != nil {
		t.Error(err)
	}
	var ended *exec.ExitError
	if err := command.Wait(); !errors.As(err, &ended) {
		t.Errorf("the command ended with %v, want a signal", err)
	}
}

func TestKeysAreForTheUserAlone(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	err := filepath.WalkDir(c.Dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !strings.HasSuffix(path, ".key") && filepath.Dir(path) != filepath.Dir(c.Kubeconfig) {
			return nil
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
