// Package rules_test holds every rule to the same contract, from one archive of
// cases per rule: testdata/<rule>.txtar with
//
//	bad*.yaml   meshes that have the defect
//	good*.yaml  meshes that do not
//	want        every finding in the bad ones
//
// A case may set up its mesh in a comment on its first line, such as
// "# mesh: complete root=istio-config". "go test -update" rewrites want and the
// rule's page; read the difference before you commit it.
package rules_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/manifest"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

var update = flag.Bool("update", false, "rewrite the wanted findings and the pages")

func TestRules(t *testing.T) {
	for _, r := range rules.All() {
		t.Run(r.Name, func(t *testing.T) { testRule(t, r) })
	}
}

func testRule(t *testing.T, r *rule.Rule) {
	path := filepath.Join("testdata", r.Name+".txtar")
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatalf("a rule needs its cases: %v", err)
	}
	engine, err := validate.New(r)
	if err != nil {
		t.Fatal(err)
	}
	var got, want strings.Builder
	var bad, good int
	var example *rule.Finding
	for _, file := range archive.Files {
		switch {
		case strings.HasPrefix(file.Name, "bad"):
			bad++
		case strings.HasPrefix(file.Name, "good"):
			good++
		case file.Name == "want":
			want.Write(file.Data)
			continue
		default:
			t.Fatalf("%s: %s is neither bad*.yaml, good*.yaml nor want", path, file.Name)
		}
		t.Run(file.Name, func(t *testing.T) {
			found, first := testCase(t, engine, file)
			if file.Name == "bad.yaml" {
				example = first
			}
			if isBad := strings.HasPrefix(file.Name, "bad"); isBad != (found != "") {
				t.Errorf("findings:\n%s", found)
			}
			if found != "" {
				got.WriteString(file.Name + "\n" + found)
			}
		})
	}
	if bad == 0 || good == 0 {
		t.Errorf("%s: %d bad cases and %d good ones; a rule needs both", path, bad, good)
	}
	if example == nil {
		t.Fatalf("%s: there is no bad.yaml with a finding, which is the example of the page", path)
	}
	page := pageOf(r, archive, example)
	if *update {
		rewrite(t, r, archive, path, got.String(), page)
		return
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if stored, _ := rules.Page(r.Name); stored != page {
		t.Errorf("the page is not fresh: run make generate\n%s", cmp.Diff(stored, page))
	}
}

// testCase returns the findings of a case, as lines and the first of them, and
// checks what must hold of any mesh.
func testCase(t *testing.T, engine *validate.Engine, file txtar.File) (string, *rule.Finding) {
	set, cfg := read(t, file)
	whole := engine.All(mesh.Empty(cfg).Apply(creations(set.Objects)...))
	want := lines(set, whole)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		objects := append([]*mesh.Object(nil), set.Objects...)
		random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		snapshot := mesh.Empty(cfg).Apply(creations(objects)...)
		if diff := cmp.Diff(want, lines(set, engine.All(snapshot))); diff != "" {
			t.Fatalf("another order of the objects gives other findings (-first +shuffled):\n%s", diff)
		}
		admitOneByOne(t, engine, cfg, objects, whole)
	}
	if len(whole) == 0 {
		return want, nil
	}
	return want, &whole[0]
}

// admitOneByOne checks that what the changes bring in, less what they mend, adds
// up to what is found in the end, and that taking all away again leaves nothing.
func admitOneByOne(t *testing.T, engine *validate.Engine, cfg mesh.Config, objects []*mesh.Object, whole []rule.Finding) {
	t.Helper()
	snapshot := mesh.Empty(cfg)
	sum := ledger{}
	admit := func(change mesh.Change) {
		sum.add(engine.Change(snapshot, change))
		snapshot = snapshot.Apply(change)
	}
	for _, object := range objects {
		admit(mesh.Change{New: object})
	}
	if diff := cmp.Diff(ledgerOf(whole).strings(), sum.strings()); diff != "" {
		t.Fatalf("admitting one by one ends elsewhere (-at once +one by one):\n%s", diff)
	}
	for _, object := range objects {
		admit(mesh.Change{Old: object})
	}
	if left := sum.strings(); len(left) > 0 || snapshot.Len() > 0 {
		t.Fatalf("deleting all leaves %d objects and the findings %v", snapshot.Len(), left)
	}
}

// ledger keeps for each finding the viewpoints for which it holds.
type ledger map[rule.Identity]mesh.Viewpoints

func ledgerOf(found []rule.Finding) ledger {
	l := ledger{}
	l.add(validate.Verdict{Introduced: found})
	return l
}

func (l ledger) add(v validate.Verdict) {
	for _, f := range v.Fixed {
		for _, id := range f.Identities() {
			l[id] = l[id].Minus(f.At())
		}
	}
	for _, f := range v.Introduced {
		for _, id := range f.Identities() {
			l[id] = l[id].Or(f.At())
		}
	}
}

func (l ledger) strings() map[string][]string {
	all := map[string][]string{}
	for id, viewpoints := range l {
		if !viewpoints.IsEmpty() {
			all[fmt.Sprint(id)] = viewpoints.Strings()
		}
	}
	return all
}

func creations(objects []*mesh.Object) []mesh.Change {
	changes := make([]mesh.Change, 0, len(objects))
	for _, object := range objects {
		changes = append(changes, mesh.Change{New: object})
	}
	return changes
}

// read reads a case, and the settings of its mesh.
func read(t *testing.T, file txtar.File) (*manifest.Set, mesh.Config) {
	t.Helper()
	reader := manifest.Reader{Namespace: "default", Stdin: strings.NewReader(string(file.Data))}
	set, err := reader.Read("-")
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Skipped) > 0 {
		t.Fatalf("skipped: %v", set.Skipped)
	}
	cfg := mesh.DefaultConfig()
	first, _, _ := strings.Cut(string(file.Data), "\n")
	settings, _ := strings.CutPrefix(first, "# mesh:")
	for setting := range strings.FieldsSeq(strings.TrimPrefix(settings, first)) {
		name, value, _ := strings.Cut(setting, "=")
		switch name {
		case "complete":
			cfg.Complete = true
		case "root":
			cfg.RootNamespace = value
		case "destinationRulesExportTo":
			cfg.DefaultDestinationRuleExportTo = []string{value}
		case "virtualServicesExportTo":
			cfg.DefaultVirtualServiceExportTo = []string{value}
		case "discover":
			selector, err := labels.Parse(value)
			if err != nil {
				t.Fatal(err)
			}
			cfg.DiscoverySelectors = []labels.Selector{selector}
		case "knownHost":
			cfg.KnownHosts = append(cfg.KnownHosts, mesh.Glob(value))
		case "tenant": // name/namespace/host
			tenant := strings.Split(value, "/")
			cfg.Tenants = append(cfg.Tenants, mesh.Tenant{Name: tenant[0], Namespaces: []mesh.Glob{mesh.Glob(tenant[1])}, Hosts: []mesh.Glob{mesh.Glob(tenant[2])}})
		case "team": // name/label=value/host
			team := strings.Split(value, "/")
			selector, err := labels.Parse(team[1])
			if err != nil {
				t.Fatal(err)
			}
			cfg.Tenants = append(cfg.Tenants, mesh.Tenant{Name: team[0], Selector: selector, Hosts: []mesh.Glob{mesh.Glob(team[2])}})
		case "allowedHost":
			cfg.AllowedHosts = append(cfg.AllowedHosts, mesh.Glob(value))
		default:
			t.Fatalf("no setting is called %q", name)
		}
	}
	return set, cfg
}

func lines(set *manifest.Set, found []rule.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "  line %d: %s: %s %s: %s: %s\n", set.Line(f.Object, f.Path),
			f.Severity, f.Object, f.Path, f.Message, strings.Join(f.Viewpoints.Strings(), " "))
	}
	return b.String()
}

func rewrite(t *testing.T, r *rule.Rule, archive *txtar.Archive, path, want, page string) {
	t.Helper()
	for i := range archive.Files {
		if archive.Files[i].Name == "want" {
			archive.Files[i].Data = []byte(want)
		}
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("doc", r.Name+".md"), []byte(note+page), 0o644); err != nil {
		t.Fatal(err)
	}
}
