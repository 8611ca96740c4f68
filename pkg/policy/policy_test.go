package policy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

var update = flag.Bool("update", false, "rewrite what is wanted")

// known are the rules that the cases name.
var known = []string{"foreign-host", "undefined-subset", "unknown-host"}

// TestCases loads config.yaml of each archive in testdata. Where it is wrong
// (bad-*), want is the error. Where it is sound (good-*), want is the
// configuration with its defaults, and then the answers to the questions in ask,
// one for each line:
//
//	action RULE SEVERITY/SEVERITY-OF-THE-RULE NAMESPACE [LABEL=VALUE...]
//	exempt USER [GROUP...]
//	applier USER [GROUP...]
//	allow ANNOTATION          with ";" in place of line breaks
//	mesh                      over a mesh config that sets every field
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]*txtar.File{}
			for i := range archive.Files {
				files[archive.Files[i].Name] = &archive.Files[i]
			}
			config, err := policy.Parse(files["config.yaml"].Data, known)
			if bad := strings.HasPrefix(name, "bad-"); bad != (err != nil) {
				t.Fatalf("error: %v", err)
			}
			var got string
			if err != nil {
				got = err.Error() + "\n"
			} else {
				got = dump(t, config)
				if ask := files["ask"]; ask != nil {
					got += "\n" + answers(t, config, string(ask.Data))
				}
			}
			if *update {
				files["want"].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(files["want"].Data), got); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
		})
	}
}

func dump(t *testing.T, config *policy.Config) string {
	t.Helper()
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func answers(t *testing.T, config *policy.Config, questions string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(questions) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		what, rest, _ := strings.Cut(line, " ")
		fmt.Fprintf(&b, "%s\n", line)
		switch what {
		case "action":
			answerAction(t, &b, config, strings.Fields(rest))
		case "mesh":
			got := config.Settings(mesh.Config{
				Domain:                         "base.local",
				RootNamespace:                  "base",
				DefaultServiceExportTo:         []string{"base-s"},
				DefaultVirtualServiceExportTo:  []string{"base-v"},
				DefaultDestinationRuleExportTo: []string{"base-d"},
			})
			fmt.Fprintf(&b, "  %s %s %s %s %s\n", got.Domain, got.RootNamespace,
				got.DefaultServiceExportTo, got.DefaultVirtualServiceExportTo, got.DefaultDestinationRuleExportTo)
			fmt.Fprintf(&b, "  revisions %s, discovers %s, gateways stay %v, known %s, allowed %s\n",
				got.Revisions, got.DiscoverySelectors, got.ScopeGatewayToNamespace, got.KnownHosts, got.AllowedHosts)
			for _, t := range got.Tenants {
				fmt.Fprintf(&b, "  tenant %s in %s %v: %s\n", t.Name, t.Namespaces, t.Selector, t.Hosts)
			}
		case "exempt":
			words := strings.Fields(rest)
			fmt.Fprintf(&b, "  %q\n", config.Exempts(words[0], words[1:]))
		case "applier":
			words := strings.Fields(rest)
			fmt.Fprintf(&b, "  %q\n", config.Applier(words[0], words[1:]))
		case "allow":
			reasons, problems := config.Overrides(strings.ReplaceAll(rest, ";", "\n"))
			fmt.Fprintf(&b, "  %q\n", reasons)
			for _, problem := range problems {
				fmt.Fprintf(&b, "  %s\n", problem)
			}
		default:
			t.Fatalf("no question: %s", line)
		}
	}
	return b.String()
}

func answerAction(t *testing.T, b *strings.Builder, config *policy.Config, words []string) {
	t.Helper()
	severity, own, _ := strings.Cut(words[1], "/")
	in := policy.Namespace{Name: words[2], Labels: map[string]string{}}
	for _, label := range words[3:] {
		key, value, ok := strings.Cut(label, "=")
		if !ok {
			t.Fatalf("no label: %s", label)
		}
		in.Labels[key] = value
	}
	finding := &rule.Finding{
		Rule:     &rule.Rule{Name: words[0], Severity: rule.Severity(own)},
		Severity: rule.Severity(severity),
	}
	fmt.Fprintf(b, "  %s\n", config.Action(finding, in))
	if problem := config.ModeProblem(in); problem != "" {
		fmt.Fprintf(b, "  %s\n", problem)
	}
}

// TestDefault is the configuration of a file that says nothing.
func TestDefault(t *testing.T) {
	empty, err := policy.Parse([]byte("apiVersion: meshward.io/v1alpha1\nkind: Config\n"), known)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(t, policy.Default(known)), dump(t, empty)); diff != "" {
		t.Errorf("no file against a file that says nothing:\n%s", diff)
	}
}

// FuzzParse loads anything at all. What is accepted says the same when it is
// written and loaded again.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		config, err := policy.Parse(text, known)
		if err != nil {
			return
		}
		written := dump(t, config)
		again, err := policy.Parse([]byte(written), known)
		if err != nil {
			t.Fatalf("%v in what was accepted:\n%s", err, written)
		}
		// An empty list says what no list says, wherever no default takes its place.
		if diff := cmp.Diff(config, again, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(policy.Config{}, policy.Mesh{}, policy.Namespaces{})); diff != "" {
			t.Errorf("loaded again:\n%s", diff)
		}
		finding := &rule.Finding{Rule: &rule.Rule{Name: known[0], Severity: rule.Error}, Severity: rule.Error}
		config.Action(finding, policy.Namespace{Name: "default", Labels: map[string]string{policy.ModeLabel: "warn"}})
	})
}
