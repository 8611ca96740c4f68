package build_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/test/cluster/internal/build"
)

// small is a source of the real one's shape that builds in a second: its modules
// are folders of its own.
var small = source(map[string]string{
	"go.mod": `module example.com/small

go 1.25

require (
	istio.io/api v1.2.3
	k8s.io/component-base v0.36.3
	k8s.io/kubernetes v1.36.3
)

replace (
	istio.io/api => ./istio
	k8s.io/component-base => ./base
	k8s.io/kubernetes => ./kubernetes
)
`,
	"guard/guard.go": `package main

import (
	"os"
	"os/exec"
)

func main() {
	command := exec.Command(os.Args[1], os.Args[2:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if command.Run() != nil {
		os.Exit(1)
	}
}
`,
	"controlplane/main.go": `package main

import "k8s.io/component-base/version"

func main() { println(version.Get()) }
`,
	"base/go.mod":             "module k8s.io/component-base\n",
	"base/version/version.go": "package version\n\nvar gitVersion, gitMajor, gitMinor string\n\nfunc Get() string { return gitVersion + \"/\" + gitMajor + \"/\" + gitMinor }\n",
	"kubernetes/go.mod":       "module k8s.io/kubernetes\n",
	"istio/go.mod":            "module istio.io/api\n",
	"istio/kubernetes/customresourcedefinitions.gen.yaml": "kind: CustomResourceDefinition\n",
})

func source(files map[string]string) fstest.MapFS {
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fs
}

// with is the source with one file more, or another one.
func with(from fstest.MapFS, name, text string) fstest.MapFS {
	changed := maps.Clone(from)
	changed[name] = &fstest.MapFile{Data: []byte(text)}
	return changed
}

func TestBuildIsDoneOnce(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	var said [3]strings.Builder
	var built [3]build.Programs
	var errs [3]error
	var both sync.WaitGroup
	for i := range 2 { // at the same time, as two test binaries would
		both.Go(func() { built[i], errs[i] = build.Do(t.Context(), small, cache, &said[i]) })
	}
	both.Wait()
	built[2], errs[2] = build.Do(t.Context(), small, cache, &said[2])

	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	if built[0] != built[1] || built[1] != built[2] {
		t.Errorf("one source was built to %q", built)
	}
	if builds := strings.Count(said[0].String()+said[1].String(), "This is done once."); builds != 1 {
		t.Errorf("it was built %d times:\n%s%s", builds, said[0].String(), said[1].String())
	}
	if said[2].Len() > 0 {
		t.Errorf("finding what is built is not silent: %s", said[2].String())
	}
	var names []string
	entries, err := os.ReadDir(string(built[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff([]string{"controlplane", "guard", "istio-crds.yaml"}, names); diff != "" {
		t.Errorf("what was built (-want +got):\n%s", diff)
	}
	version, err := exec.Command(built[0].ControlPlane()).CombinedOutput()
	if want := "v1.36.3/1/36\n"; err != nil || string(version) != want {
		t.Errorf("the program has the version %q, error %v; want %q", version, err, want)
	}
	crds, err := os.ReadFile(built[0].IstioCRDs())
	if err != nil || !strings.Contains(string(crds), "CustomResourceDefinition") {
		t.Errorf("got definitions %q, error %v", crds, err)
	}
}

func TestFailureShowsTheCompilersOutput(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	broken := with(small, "controlplane/broken.go", "package main\n\nvar _ int = \"text\"\n")
	_, err := build.Do(t.Context(), broken, cache, io.Discard)
	if want := `broken.go:3:13: cannot use "text"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
	key, err := build.Key(broken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(cache, "controlplane-"+key)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a build that failed looks like one that did not: %v", err)
	}
}

func TestNoGoCommand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := build.Do(t.Context(), small, t.TempDir(), io.Discard)
	if want := "there is no go command in PATH"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

func TestBuildStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := build.Do(ctx, small, t.TempDir(), io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that of the context", err)
	}
}

func TestKeyCoversTheSource(t *testing.T) {
	t.Parallel()
	keys := map[string]string{}
	for name, source := range map[string]fstest.MapFS{
		"as it is":          small,
		"another text":      with(small, "go.mod", "module example.com/other\n"),
		"a file more":       with(small, "controlplane/more.go", ""),
		"another name":      with(small, "controlplane/more.g", "o"),
		"a text as long":    with(small, "kubernetes/go.mod", "module k8s.io/KUBERNETES\n"),
		"a text moved over": with(small, "controlplane/more.go", "o"),
	} {
		key, err := build.Key(source)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := keys[key]; ok {
			t.Errorf("the source %s has the key of the source %s", name, other)
		}
		keys[key] = name
	}
	again, err := build.Key(maps.Clone(small))
	if err != nil || keys[again] != "as it is" {
		t.Errorf("the key of one source is not always the same: %s, error %v", again, err)
	}
}
