package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/report"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// TestSARIFIsValid holds every report to the schema of the standard, which is in
// testdata as OASIS publishes it.
func TestSARIFIsValid(t *testing.T) {
	schema := sarifSchema(t)
	forEachCase(t, func(t *testing.T, _ string, _ *txtar.Archive, r report.Report) {
		log, err := jsonschema.UnmarshalJSON(strings.NewReader(printed(t, report.SARIF, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(log); err != nil {
			t.Error(err)
		}
	})
}

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// sarifLog is what GitHub's code scanning looks at.
type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct{ Rules []struct{ ID string } }
		}
		Invocations []struct {
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Locations           []sarifLocation
			RelatedLocations    []sarifLocation
			PartialFingerprints struct{ PrimaryLocationLineHash string }
		}
	}
}

// leftOut counts the findings of which there is only a note.
func (l *sarifLog) leftOut() int {
	count := 0
	for _, n := range l.Runs[0].Invocations[0].ToolExecutionNotifications {
		if strings.HasPrefix(n.Message.Text, "in no file: ") {
			count++
		}
	}
	return count
}

type sarifLocation struct {
	PhysicalLocation struct {
		ArtifactLocation struct{ URI string }
		Region           struct{ StartLine int }
	}
}

// TestSARIFIsAccepted holds every report to what GitHub's code scanning asks for
// beyond the schema.
func TestSARIFIsAccepted(t *testing.T) {
	forEachCase(t, func(t *testing.T, _ string, _ *txtar.Archive, r report.Report) {
		var log sarifLog
		if err := json.Unmarshal([]byte(printed(t, report.SARIF, r)), &log); err != nil {
			t.Fatal(err)
		}
		if len(log.Runs) != 1 || len(log.Runs[0].Results)+log.leftOut() != len(r.Findings) {
			t.Fatalf("want one run with a result, or a note, for each of %d findings: %+v", len(r.Findings), log)
		}
		seen := map[string]bool{}
		for _, result := range log.Runs[0].Results {
			if named := log.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID; named != result.RuleID {
				t.Errorf("the result of %s points to the rule %s", result.RuleID, named)
			}
			fingerprint := result.PartialFingerprints.PrimaryLocationLineHash
			if fingerprint == "" || seen[fingerprint] {
				t.Errorf("the fingerprint %q tells nothing apart", fingerprint)
			}
			seen[fingerprint] = true
			if len(result.Locations) != 1 {
				t.Errorf("%d locations, want one", len(result.Locations))
			}
			for _, location := range append(result.Locations, result.RelatedLocations...) {
				if at := location.PhysicalLocation; at.ArtifactLocation.URI == "" || at.Region.StartLine < 1 {
					t.Errorf("%s is at no line of a file: %+v", result.RuleID, at)
				}
			}
		}
	})
}

// TestFingerprintsStay checks that a result stays the same alert while the file
// around it is edited, and that another subset is another alert.
func TestFingerprintsStay(t *testing.T) {
	object := &mesh.Object{Ref: mesh.Ref{Kind: mesh.KindVirtualService, Namespace: "default", Name: "reviews"}, Source: mesh.Source{File: "a.yaml", Line: 1}}
	fingerprint := func(path, about string, line int) string {
		text := printed(t, report.SARIF, report.Report{
			Findings: []rule.Finding{{Rule: &rule.Rule{Name: "some-rule"}, Severity: rule.Error, Object: object, Path: path, About: about}},
			Line:     func(*mesh.Object, string) int { return line },
		})
		_, text, _ = strings.Cut(text, "primaryLocationLineHash")
		return text
	}
	before := fingerprint("spec.http[0]", "reviews/v1", 10)
	if after := fingerprint("spec.http[3]", "reviews/v1", 40); after != before {
		t.Errorf("a route that moved is another alert: %s, was %s", after, before)
	}
	if other := fingerprint("spec.http[0]", "reviews/v2", 10); other == before {
		t.Error("another subset is the same alert")
	}
}
