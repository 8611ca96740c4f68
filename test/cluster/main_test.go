package cluster_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/cluster/internal/flock"
)

// The test binary plays these parts when this variable names one, each with a
// directory in its first argument.
const partVariable = "MESHWARD_TEST_PART"

var parts = map[string]func(dir string) error{
	"asker":    startAndWait,
	"builder":  buildOnly,
	"stranger": lockAndWait,
}

// shared is the cluster of all tests that neither stop one nor count on being
// alone. They keep apart by namespaces.
var shared *cluster.Cluster

var startShared = sync.OnceValues(func() (*cluster.Cluster, error) {
	c, err := cluster.Start(context.Background(), cluster.Options{Nodes: 2})
	shared = c
	return c, err
})

func TestMain(m *testing.M) {
	if play, ok := parts[os.Getenv(partVariable)]; ok {
		fmt.Println(play(os.Args[1]))
		os.Exit(1)
	}
	status := m.Run()
	if shared != nil {
		if err := shared.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

func startAndWait(dir string) error {
	if _, err := cluster.Start(context.Background(), cluster.Options{Dir: dir}); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

func buildOnly(string) error {
	_, err := cluster.Build(context.Background(), io.Discard)
	return err
}

func lockAndWait(dir string) error {
	if _, err := flock.Try(filepath.Join(dir, "meshward-cluster.lock")); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

// startPart starts this binary in a part. It is killed with the test, if it was
// not before.
func startPart(t *testing.T, part, dir string, env ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	command := exec.Command(os.Args[0], dir)
	command.Env = append(append(os.Environ(), partVariable+"="+part), env...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	return command, output
}

// playPart returns when the part says that it is ready.
func playPart(t *testing.T, part, dir string, env ...string) *exec.Cmd {
	t.Helper()
	command, output := startPart(t, part, dir, env...)
	said := make([]byte, len("ready"))
	if _, err := io.ReadFull(output, said); err != nil || string(said) != "ready" {
		rest, _ := io.ReadAll(output)
		t.Fatalf("the %s is not ready: %s%s", part, said, rest)
	}
	return command
}

// useShared returns the cluster of all tests.
func useShared(t *testing.T) *cluster.Cluster {
	t.Helper()
	c, err := startShared()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newNamespace makes one for this test alone.
func newNamespace(t *testing.T, c *cluster.Cluster) string {
	t.Helper()
	namespace := strings.ToLower(t.Name())
	kubectl(t, c, "create", "namespace", namespace)
	return namespace
}

// kubectl returns the standard output of a call that has to succeed.
func kubectl(t *testing.T, c *cluster.Cluster, args ...string) string {
	t.Helper()
	output, err := tryKubectl(c, "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// tryKubectl returns the standard output, or an error with what was printed on
// standard error.
func tryKubectl(c *cluster.Cluster, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	var stdout, stderr strings.Builder
	command := c.Kubectl(ctx, args...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// processesIn returns the command lines of the processes that mention a
// directory, as every program of a cluster does, whoever its parent is by now.
func processesIn(t *testing.T, dir string) []string {
	t.Helper()
	output, err := exec.Command("ps", "-A", "-ww", "-o", "args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(output)) {
		if strings.Contains(line, dir+string(filepath.Separator)) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// awaitProcessesIn returns once enough says so of them, and fails the test if it
// does not within half a minute.
func awaitProcessesIn(t *testing.T, dir string, enough func([]string) bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		found := processesIn(t, dir)
		if enough(found) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("these are the processes in %s:\n%s", dir, strings.Join(found, "\n"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func none(processes []string) bool { return len(processes) == 0 }
