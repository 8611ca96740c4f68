// Package test holds the suites that cross packages.
package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/meshward/meshward/"

// arrows are the imports within the module that are allowed, each with what it
// is for. Whatever is not listed points up, or sideways.
var arrows = map[string]map[string]string{
	"cmd/webhook": {
		"certs":                 "serve needs a certificate",
		"pkg/admit":             "serve answers admission reviews",
		"pkg/audit":             "serve judges what is stored",
		"pkg/check":             "check looks at an installation",
		"pkg/door":              "serve lets the API server in",
		"pkg/feed":              "serve watches the cluster",
		"pkg/injection":         "serve keeps its injector as it is configured; inject reads Istio's settings",
		"pkg/lead":              "serve writes caBundle from one replica at a time",
		"pkg/missing":           "serve looks for pods without a sidecar",
		"pkg/policy":            "serve and validate load the configuration",
		"pkg/mutate":            "inject and serve set injectors up",
		"pkg/mutate/workload":   "inject reads manifests",
		"pkg/selection":         "bootstrap prints the webhook configurations",
		"pkg/validate":          "the engine is given its rules here",
		"pkg/validate/manifest": "validate reads files",
		"pkg/validate/mesh":     "the mesh's settings come from a file that a flag names",
		"pkg/validate/report":   "validate prints findings",
		"pkg/validate/rule":     "validate compares severities",
		"pkg/validate/rules":    "the list of rules is chosen here and nowhere else",
	},
	"certs": {},
	"pkg/admit": {
		"pkg/policy":        "the policy decides what becomes of findings",
		"pkg/mutate":        "a pod's review is answered with a patch",
		"pkg/validate":      "a change's review is answered with a verdict",
		"pkg/validate/mesh": "a review becomes a change of the mesh",
		"pkg/validate/rule": "a denial is made of findings",
	},
	"pkg/audit": {
		"pkg/validate":      "what a change touches is judged anew",
		"pkg/validate/mesh": "a snapshot is what is judged",
		"pkg/validate/rule": "findings are kept and told",
	},
	"pkg/check": {
		"pkg/selection": "our configurations are known by the label that they were printed with",
	},
	"pkg/door": {},
	"pkg/feed": {
		"pkg/validate/mesh": "what a watch brings becomes a change of the mesh",
	},
	"pkg/injection": {
		"pkg/mutate":    "what is stored becomes an injector",
		"pkg/templates": "settings are read as the templates take them",
	},
	"pkg/lead": {},
	"pkg/missing": {
		"pkg/mutate":    "the table that decides on new pods decides whether old ones lack something",
		"pkg/selection": "whether a pod would be sent for review, its configurations say",
	},
	"pkg/mutate": {
		"pkg/templates": "the patch is made of what a template renders",
	},
	"pkg/mutate/workload": {
		"pkg/mutate": "the injector is told what a pod belongs to",
	},
	"pkg/policy": {
		"pkg/validate/mesh": "the file sets the mesh's settings",
		"pkg/validate/rule": "actions follow severities",
	},
	"pkg/selection": {},
	"pkg/templates": {},
	"pkg/validate": {
		"pkg/validate/mesh": "rules are run over a snapshot",
		"pkg/validate/rule": "a verdict is made of findings",
	},
	"pkg/validate/manifest": {
		"pkg/validate/mesh": "a document becomes an object",
	},
	"pkg/validate/mesh": {},
	"pkg/validate/report": {
		"pkg/validate/mesh": "a report lists objects, and asks for the lines of their fields",
		"pkg/validate/rule": "findings are what is printed",
	},
	"pkg/validate/rule": {
		"pkg/validate/mesh": "a rule sees the mesh",
	},
	"pkg/validate/rules": {
		"pkg/validate/mesh": "a rule sees the mesh",
		"pkg/validate/rule": "a rule is a value of that contract",
	},
}

// ban forbids imports to all packages below some folders, but for a few.
type ban struct {
	below   []string
	imports []string // the package, and all below it
	but     []string
	why     string
}

var pure = []string{"pkg/mutate", "pkg/selection", "pkg/templates", "pkg/validate"}

var bans = []ban{
	{below: pure, imports: []string{"net/http"}, why: "decisions are made without a network"},
	{below: pure, imports: []string{"os"}, but: []string{"pkg/validate/manifest"}, why: "decisions depend on no environment and no file"},
	{below: pure, imports: []string{"log", "log/slog", "k8s.io/klog"}, why: "decisions are values; whoever asked logs them"},
	{below: []string{"pkg", "certs"}, imports: []string{"k8s.io/client-go"}, but: []string{"certs", "pkg/feed", "pkg/injection", "pkg/lead", "pkg/missing"}, why: "the API server is read by what keeps a state of it, the mesh, the injector, the certificate or who leads, by what looks through its pods now and then, and by nothing else"},
	{below: []string{"cmd", "pkg", "certs"}, imports: []string{"k8s.io/api/admission"}, but: []string{"pkg/admit"}, why: "one package knows what a review looks like"},
	{below: []string{"cmd", "pkg", "certs"}, imports: []string{"k8s.io/api/admissionregistration"}, but: []string{"certs", "pkg/check", "pkg/selection"}, why: "one package knows who is sent for review, one whose certificate is trusted, and one compares both with what is stored"},
	{below: []string{"cmd", "pkg", "certs"}, imports: []string{"testing"}, why: "tests stay out of the binary"},
}

func TestArrowsPointDown(t *testing.T) {
	for pkg, imports := range packages(t) {
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s is not in the table of arrows: give it a place, and say in ARCHITECTURE.md what it is for", pkg)
		}
		for _, path := range imports {
			own, ok := strings.CutPrefix(path, module)
			if ok && allowed[own] == "" {
				t.Errorf("%s imports %s, which is no arrow of ARCHITECTURE.md", pkg, own)
			}
		}
	}
}

func TestEveryArrowIsUsed(t *testing.T) {
	imported := packages(t)
	for from, targets := range arrows {
		for to := range targets {
			if !strings.Contains(" "+strings.Join(imported[from], " ")+" ", " "+module+to+" ") {
				t.Errorf("%s does not import %s: take the arrow out", from, to)
			}
		}
	}
}

func TestBans(t *testing.T) {
	for pkg, imports := range packages(t) {
		for _, ban := range bans {
			if !within(pkg, ban.below) || within(pkg, ban.but) {
				continue
			}
			for _, path := range imports {
				if within(path, ban.imports) {
					t.Errorf("%s imports %s, but %s", pkg, path, ban.why)
				}
			}
		}
	}
}

func within(path string, folders []string) bool {
	for _, folder := range folders {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}

// packages returns the direct imports of each package of the product.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./cmd/...", "./pkg/...", "./certs/...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return imports
		} else if err != nil {
			t.Fatal(err)
		}
		imports[strings.TrimPrefix(pkg.ImportPath, module)] = pkg.Imports
	}
}
