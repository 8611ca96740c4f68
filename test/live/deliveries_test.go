package live_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestDeliveries plays how Flux, Argo CD and Helm deliver commits, each with its
// own order, its own dry runs and its own idea of what to do after a refusal. An
// archive of deliveries holds commits, 1.yaml and on, each the whole of what is to
// be there. Its want says with how many tries each tool gets every commit done, and
// want-appliers with how many where the configuration calls its user an applier;
// never means that it would try forever, which no applier does.
func TestDeliveries(t *testing.T) {
	s := open(t)
	to := s.api(t)
	files, err := filepath.Glob("deliveries/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no deliveries: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var commits [][]manifest
			for i := range archive.Files {
				commit := &archive.Files[i]
				if strings.HasSuffix(commit.Name, ".yaml") {
					commits = append(commits, s.manifests(t, string(commit.Data)))
					continue
				}
				got := s.play(t, to, commits, commit.Name == "want-appliers")
				if want := string(commit.Data); want != got && !*update {
					t.Errorf("%s:\n%s\n got:\n%s", commit.Name, want, got)
				}
				commit.Data = []byte(got)
			}
			if !*update {
				return
			}
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// play returns a line for each tool, with the number of its tries.
func (s *stage) play(t *testing.T, to api, commits [][]manifest, appliers bool) string {
	t.Helper()
	var tries strings.Builder
	for _, tool := range tools {
		as := to
		if appliers {
			as = to.as(tool.user)
		}
		outcome := s.deliver(t, as, tool, commits)
		if appliers && strings.Contains(outcome, never) {
			t.Errorf("%s never gets done, although it is an applier: %s", tool.name, outcome)
		}
		fmt.Fprintf(&tries, "%-*s %s\n", nameWidth, tool.name, outcome)
		withdraw(t, to, slices.Concat(commits...))
	}
	return tries.String()
}

const never = "never"

// nameWidth is the width of the tools' names in want.
const nameWidth = 18

// appliers is the configuration of all tests. Nobody but the tools is an applier,
// and only where a test says so.
const appliers = `apiVersion: meshward.io/v1alpha1
kind: Config
appliers:
  users:
  - system:serviceaccount:flux-system:kustomize-controller
  - system:serviceaccount:argocd:argocd-application-controller
  - system:serviceaccount:ci:helm
`

// patience is after how many tries a tool is said to try forever. Nothing changes
// between two of them but what the first of them did.
const patience = 4

// deliver returns the number of tries for each commit. It ends at the first that
// is never done.
func (s *stage) deliver(t *testing.T, to api, by tool, commits [][]manifest) string {
	t.Helper()
	var tries []string
	var before []manifest
	for i, after := range commits {
		try, err := 1, by.try(t, to, before, after)
		for ; err != nil && try < patience; try++ {
			t.Logf("%s, commit %d, try %d: %v", by.name, i+1, try, err)
			err = by.try(t, to, before, after)
		}
		if err == nil {
			err = s.holds(t, before, after)
		}
		if err != nil {
			t.Logf("%s, commit %d: %v", by.name, i+1, err)
			return strings.Join(append(tries, never), " ")
		}
		tries = append(tries, strconv.Itoa(try))
		before = after
	}
	return strings.Join(tries, " ")
}

// manifest is one object of a commit.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	text     json.RawMessage
}

func (m manifest) ref() string { return m.Kind + "/" + m.Metadata.Name }

func (s *stage) manifests(t *testing.T, yaml string) []manifest {
	t.Helper()
	if strings.TrimSpace(yaml) == "" {
		return nil
	}
	var list []manifest
	decoder := json.NewDecoder(strings.NewReader(s.kubectl(t, yaml, "create", "--dry-run=client", "-o", "json", "-f", "-")))
	for {
		var m manifest
		if err := decoder.Decode(&m.text); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(m.text, &m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
}

// holds returns an error unless all of a commit is stored, and nothing is left of
// the one before.
func (s *stage) holds(t *testing.T, before, after []manifest) error {
	t.Helper()
	diff := s.Kubectl(t.Context(), "diff", "-f", "-")
	diff.Stdin = strings.NewReader(list(after))
	if out, err := diff.CombinedOutput(); err != nil {
		return fmt.Errorf("what is stored is not the commit: %w: %s", err, out)
	}
	gone := without(before, after)
	if len(gone) == 0 {
		return nil
	}
	if left := s.kubectl(t, list(gone), "get", "--ignore-not-found", "-o", "name", "-f", "-"); left != "" {
		return fmt.Errorf("left behind: %s", left)
	}
	return nil
}

// withdraw deletes all there may be, routes before what they lead to.
func withdraw(t *testing.T, to api, all []manifest) {
	t.Helper()
	for _, m := range slices.SortedFunc(slices.Values(all), func(a, b manifest) int { return byKind(b, a) }) {
		if err := to.delete(t.Context(), m.Kind, m.Metadata.Name); err != nil {
			t.Fatal(err)
		}
	}
}

// list is several objects as one document.
func list(of []manifest) string {
	items := make([]json.RawMessage, 0, len(of))
	for _, m := range of {
		items = append(items, m.text)
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		panic(err) // it was JSON a moment ago
	}
	return string(text)
}

func without(these, those []manifest) []manifest {
	return slices.DeleteFunc(slices.Clone(these), func(m manifest) bool {
		return slices.ContainsFunc(those, func(o manifest) bool { return m.ref() == o.ref() })
	})
}

// tool is one that delivers commits.
type tool struct {
	name string
	user string // as which it asks, where it is an applier
	// try makes one try to get from one commit to the next. It returns an error
	// where the tool would try again.
	try func(t *testing.T, to api, before, after []manifest) error
}

var tools = []tool{
	{"flux", "system:serviceaccount:flux-system:kustomize-controller", tryFlux},
	{"argo-cd", "system:serviceaccount:argocd:argocd-application-controller", tryArgo},
	{"argo-cd prune-last", "system:serviceaccount:argocd:argocd-application-controller", tryArgoPruneLast},
	{"helm", "system:serviceaccount:ci:helm", tryHelm},
}

// byKind puts Services first and the others by kind, then name.
func byKind(a, b manifest) int {
	rank := func(m manifest) int {
		if m.Kind == "Service" {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Metadata.Name, b.Metadata.Name))
}

// tryFlux dry-runs every object, and applies nothing unless all pass. Then it
// applies by kind up to the first refusal, and at last deletes in reverse.
func tryFlux(t *testing.T, to api, before, after []manifest) error {
	t.Helper()
	after = slices.SortedFunc(slices.Values(after), byKind)
	for _, query := range []string{"&dryRun=All", ""} {
		for _, m := range after {
			if err := to.apply(t.Context(), m.Kind, m.Metadata.Name, m.text, query); err != nil {
				return err
			}
		}
	}
	gone := slices.SortedFunc(slices.Values(without(before, after)), func(a, b manifest) int { return byKind(b, a) })
	for _, m := range gone {
		if err := to.delete(t.Context(), m.Kind, m.Metadata.Name); err != nil {
			return err
		}
	}
	return nil
}

// tryArgo deletes first, and does nothing else if that was refused. Then it applies
// Services, and the others by name; it goes on after a refusal. What is not
// specified, the order of two of one name and that of deletions, is taken to be
// the worse one.
func tryArgo(t *testing.T, to api, before, after []manifest) error {
	t.Helper()
	if err := prune(t, to, before, after); err != nil {
		return err
	}
	return applyByName(t, to, after)
}

// tryArgoPruneLast is tryArgo with the sync option PruneLast: it deletes once all
// the rest is applied, and not before.
func tryArgoPruneLast(t *testing.T, to api, before, after []manifest) error {
	t.Helper()
	if err := applyByName(t, to, after); err != nil {
		return err
	}
	return prune(t, to, before, after)
}

func prune(t *testing.T, to api, before, after []manifest) error {
	t.Helper()
	var refused []error
	for _, m := range slices.SortedFunc(slices.Values(without(before, after)), byKind) {
		refused = append(refused, to.delete(t.Context(), m.Kind, m.Metadata.Name))
	}
	return errors.Join(refused...)
}

func applyByName(t *testing.T, to api, after []manifest) error {
	t.Helper()
	var refused []error
	byName := func(a, b manifest) int {
		if a.Kind == "Service" || b.Kind == "Service" {
			return byKind(a, b)
		}
		return cmp.Or(cmp.Compare(a.Metadata.Name, b.Metadata.Name), cmp.Compare(b.Kind, a.Kind))
	}
	for _, m := range slices.SortedFunc(slices.Values(after), byName) {
		refused = append(refused, to.apply(t.Context(), m.Kind, m.Metadata.Name, m.text, ""))
	}
	return errors.Join(refused...)
}

// tryHelm applies by kind up to the first refusal. Then it deletes by kind; what
// cannot be deleted is forgotten.
func tryHelm(t *testing.T, to api, before, after []manifest) error {
	t.Helper()
	for _, m := range slices.SortedFunc(slices.Values(after), byKind) {
		if err := to.apply(t.Context(), m.Kind, m.Metadata.Name, m.text, ""); err != nil {
			return err
		}
	}
	for _, m := range slices.SortedFunc(slices.Values(without(before, after)), byKind) {
		if err := to.delete(t.Context(), m.Kind, m.Metadata.Name); err != nil {
			t.Logf("helm forgets: %v", err)
		}
	}
	return nil
}
