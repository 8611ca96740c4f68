package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/meshward/meshward/test/cluster"
)

// The asker is killed in a way that it cannot see coming, and its programs are
// the user's own as far as there are any.
func TestNothingOutlivesAKilledAsker(t *testing.T) {
	t.Parallel()
	assets := ownPrograms(t, "etcd", "kube-apiserver")
	dir := filepath.Join(t.TempDir(), "cluster")
	asker := playPart(t, "asker", dir, "KUBEBUILDER_ASSETS="+assets)

	for _, role := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(assets, role+".ran")); err != nil {
			t.Errorf("%s of KUBEBUILDER_ASSETS was not used: %v", role, err)
		}
	}
	if got := processesIn(t, dir); len(got) < 5 {
		t.Errorf("want a process for each of five programs at the least, found %q", got)
	}
	if err := asker.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	asker.Wait()
	awaitProcessesIn(t, dir, none)

	// What it left does not keep the next one from the directory.
	if err := cluster.Down(t.Context(), dir); !errors.Is(err, cluster.ErrNotRunning) {
		t.Errorf("got error %v, want ErrNotRunning", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Down left the directory of a cluster that was killed: %v", err)
	}
}

// A build takes minutes; the compilers must not go on for nobody. Here they would
// go on for long.
func TestNothingOutlivesAKilledBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	golang, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	caches, err := exec.Command(golang, "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiled, modules, _ := strings.Cut(strings.TrimSpace(string(caches)), "\n")
	compiler := filepath.Join(dir, "compile")
	writeScript(t, compiler, "sleep 100")
	writeScript(t, filepath.Join(dir, "go"),
		fmt.Sprintf(`case "$*" in "build "*" ./controlplane") '%s' & wait;; esac; exec '%s' "$@"`, compiler, golang))
	builder, _ := startPart(t, "builder", dir, "PATH="+dir+":"+os.Getenv("PATH"),
		"GOCACHE="+compiled, "GOMODCACHE="+modules, "HOME="+dir, "XDG_CACHE_HOME="+dir)
	awaitProcessesIn(t, dir, func(processes []string) bool {
		return slices.ContainsFunc(processes, func(p string) bool { return strings.HasSuffix(p, compiler) })
	})
	if err := builder.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := builder.Wait(); err == nil {
		t.Error("the builder was done before it was killed")
	}
	awaitProcessesIn(t, dir, none)
}

// ownPrograms makes a folder of programs that leave a trace when they run.
func ownPrograms(t *testing.T, roles ...string) string {
	t.Helper()
	built, err := cluster.Build(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, role := range roles {
		path := filepath.Join(folder, role)
		writeScript(t, path, fmt.Sprintf(`: >'%s.ran'; exec '%s' %s "$@"`, path, filepath.Join(built, "controlplane"), role))
	}
	return folder
}

func writeScript(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestStartTellsWhichProgramEnded(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	_, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, APIServerArgs: []string{"--no-such-flag"}})
	if err == nil {
		t.Fatal("a cluster started without an API server")
	}
	for _, want := range []string{"kube-apiserver ended by itself: exit status 1", "unknown flag: --no-such-flag"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	if left := processesIn(t, dir); len(left) > 0 {
		t.Errorf("the start left %q", left)
	}
	if _, err := os.Stat(filepath.Join(dir, "logs", "kube-apiserver.log")); err != nil {
		t.Errorf("the log is gone: %v", err)
	}
}

func TestStartStopsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go func() {
		defer cancel(enough)
		for len(processesIn(t, dir)) == 0 && t.Context().Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if _, err := cluster.Start(ctx, cluster.Options{Dir: dir}); !errors.Is(err, enough) {
		t.Errorf("got error %v, want the cause of the cancellation", err)
	}
	if left := processesIn(t, dir); len(left) > 0 {
		t.Errorf("the start left %q", left)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the start left its directory: %v", err)
	}
}

func TestStartRefusesDirectoryInUse(t *testing.T) {
	t.Parallel()
	c := useShared(t)
	if _, err := cluster.Start(t.Context(), cluster.Options{Dir: c.Dir}); !errors.Is(err, cluster.ErrRunning) {
		t.Errorf("got error %v, want ErrRunning", err)
	}
	kubectl(t, c, "get", "--raw=/readyz")
}

func TestStartRefusesForeignDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	home := filepath.Join(dir, "home") // by chance a name that a cluster uses too
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := cluster.Start(t.Context(), cluster.Options{Dir: dir})
	if want := "holds something else than a cluster"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Start: got error %v, want one with %q", err, want)
	}
	if err := cluster.Down(t.Context(), dir); !errors.Is(err, cluster.ErrNotRunning) {
		t.Errorf("Down: got error %v, want ErrNotRunning", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "home" {
		t.Errorf("the stranger's directory has %v, error %v; want home", entries, err)
	}
}

// Down asks; it never signals. Whoever holds the directory and does not listen is
// no cluster, whatever is written there.
func TestDownLeavesStrangersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stranger := playPart(t, "stranger", dir)
	if err := os.WriteFile(filepath.Join(dir, "stop"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := cluster.Down(ctx, dir)
	if want := "was left alone"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the stranger is gone: %v", err)
	}
}

func TestDownOfNothing(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent")} {
		if err := cluster.Down(t.Context(), dir); !errors.Is(err, cluster.ErrNotRunning) {
			t.Errorf("%s: got error %v, want ErrNotRunning", dir, err)
		}
	}
}
