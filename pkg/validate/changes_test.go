package validate_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/manifest"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

var update = flag.Bool("update", false, "rewrite what the changes bring in")

// TestChanges plays the steps of each archive in testdata/changes one after another:
//
//	stored.yaml   what is there
//	apply …       objects that are created or updated, one by one
//	delete …      objects that are deleted, one by one
//	want          what each step brings in
//
// The line "rules:" above them names the rules that judge.
func TestChanges(t *testing.T) {
	paths, err := filepath.Glob("testdata/changes/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { play(t, path) })
	}
}

func play(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	engine := judging(t, string(archive.Comment))
	settings := mesh.DefaultConfig()
	settings.Complete = true
	snapshot := mesh.Empty(settings)
	var got strings.Builder
	want := -1
	for i, file := range archive.Files {
		what, _, _ := strings.Cut(file.Name, " ")
		if what == "want" {
			want = i
			continue
		}
		var introduced []string
		for _, object := range objects(t, file) {
			change := mesh.Change{Old: snapshot.Get(object.Ref)}
			if what != "delete" {
				change.New = object
			}
			for _, f := range engine.Change(snapshot, change).Introduced {
				introduced = append(introduced, fmt.Sprintf("  %s: %s %s: %s\n    fix: %s\n", f.Severity, f.Object, f.Path, f.Title(), f.FixFor(change.Ref())))
			}
			snapshot = snapshot.Apply(change)
		}
		if what == "stored.yaml" {
			continue // how it came to be is not the case
		}
		if len(introduced) == 0 {
			introduced = []string{"  nothing\n"}
		}
		got.WriteString(file.Name + "\n" + strings.Join(introduced, ""))
	}
	if want < 0 {
		t.Fatalf("%s wants nothing", path)
	}
	if *update {
		archive.Files[want].Data = []byte(got.String())
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(archive.Files[want].Data), got.String()); diff != "" {
		t.Errorf("introduced (-want +got):\n%s", diff)
	}
}

// judging returns an engine of the rules that a comment names.
func judging(t *testing.T, comment string) *validate.Engine {
	t.Helper()
	_, list, ok := strings.Cut(comment, "rules: ")
	if !ok {
		t.Fatal("no rules are named")
	}
	names := strings.Fields(list)
	chosen := slices.DeleteFunc(slices.Clone(rules.All()), func(r *rule.Rule) bool { return !slices.Contains(names, r.Name) })
	if len(chosen) != len(names) {
		t.Fatalf("not all of %v are rules", names)
	}
	engine, err := validate.New(chosen...)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func objects(t *testing.T, file txtar.File) []*mesh.Object {
	t.Helper()
	set, err := manifest.Reader{Namespace: "default", Stdin: strings.NewReader(string(file.Data))}.Read("-")
	if err != nil {
		t.Fatal(err)
	}
	return set.Objects
}
