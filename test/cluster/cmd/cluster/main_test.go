package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mainVariable makes the test binary the command itself.
const mainVariable = "MESHWARD_TEST_CLUSTER"

func TestMain(m *testing.M) {
	if os.Getenv(mainVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestUpRunsACommand(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "it's a cluster")
	script := `kubectl get nodes -o name && "$0" up --dir "$1"; echo $?; exit 7`
	got := run(t, "up", "--dir", dir, "--nodes", "2", "--", "sh", "-c", script, os.Args[0], dir)
	if want := "node/meshward-node-1\nnode/meshward-node-2\n1\n"; got.stdout != want || got.status != 7 {
		t.Errorf("got status %d and output %q, want 7 and %q", got.status, got.stdout, want)
	}
	if want := "runs already"; !strings.Contains(got.stderr, want) {
		t.Errorf("a second up does not say %q:\n%s", want, got.stderr)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory outlasted the command")
	}
}

func TestDetachedUntilDown(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	t.Cleanup(func() { run(t, "down", "--dir", dir) })

	first := run(t, "up", "--detach", "--dir", dir)
	if first.status != 0 {
		t.Fatalf("up: %+v", first)
	}
	evaluated := exec.Command("sh", "-c", first.stdout+"kubectl get nodes -o name")
	if output, err := evaluated.CombinedOutput(); err != nil || string(output) != "node/meshward-node-1\n" {
		t.Errorf("what up printed leads to %q, error %v", output, err)
	}
	if second := run(t, "up", "--detach", "--dir", dir); second.status != 0 || second.stdout != first.stdout {
		t.Errorf("a second up --detach: %+v", second)
	}
	if got := run(t, "kubectl", "--dir", dir, "get", "nodes", "-o", "name"); got.stdout != "node/meshward-node-1\n" {
		t.Errorf("kubectl: %+v", got)
	}

	if got := run(t, "down", "--dir", dir); got.status != 0 || !strings.Contains(got.stderr, "Stopped") {
		t.Errorf("down: %+v", got)
	}
	if got := run(t, "down", "--dir", dir); got.status != 0 || !strings.Contains(got.stderr, "no cluster runs") {
		t.Errorf("a second down: %+v", got)
	}
	if got := run(t, "kubectl", "--dir", dir, "get", "nodes"); got.status != 1 || !strings.Contains(got.stderr, "cluster up") {
		t.Errorf("kubectl without a cluster: %+v", got)
	}
}

// A cluster in the foreground is that of the shell it was started from.
func TestUpEndsWithItsParent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	shell := command(t.Context(), "up", "--dir", dir)
	shell.Path, shell.Args = "/bin/sh", append([]string{"sh", "-c", `"$@"; true`, "sh"}, shell.Args...)
	var stderr bytes.Buffer
	shell.Stderr = &stderr
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil { // it prints once it is ready
		t.Fatalf("up did not start: %v", err)
	}
	if err := shell.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// This returns when nobody holds the standard error of up any more.
	if shell.Wait(); strings.Contains(stderr.String(), "cluster:") {
		t.Errorf("up complained:\n%s", stderr.String())
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory outlasted up")
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"start"},
		{"up", "kubectl"},
		{"up", "--no-such-flag"},
		{"up", "--detach", "--", "true"},
		{"down", "now"},
		{"build", "now"},
	} {
		if got := run(t, args...); got.status != 2 || got.stderr == "" || got.stdout != "" {
			t.Errorf("%q: got %+v, want status 2 and a reason", args, got)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"help"}, {"up", "--help"}, {"build", "-h"}} {
		if got := run(t, args...); got.status != 0 || got.stdout+got.stderr == "" {
			t.Errorf("%q: got %+v, want status 0 and help", args, got)
		}
	}
}

type result struct {
	status         int
	stdout, stderr string
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	// Not the context of the test, which is done before what it cleans up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	defer cancel()
	command := command(ctx, args...)
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); command.ProcessState == nil {
		t.Fatal(err)
	}
	return result{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, os.Args[0], args...)
	command.Env = append(os.Environ(), mainVariable+"=1")
	return command
}
