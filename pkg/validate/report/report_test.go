// Package report_test prints the report of each archive in testdata in every
// format. An archive holds report.yaml and what is wanted: text, color (with ESC
// for the control character), json, sarif, github and junit. "go test -update"
// rewrites what is wanted; read the difference before you commit it.
package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/validate/report"
)

var update = flag.Bool("update", false, "rewrite the wanted reports")

// formats are those of the command line, and the text with colours.
func formats() map[string]report.Printer {
	all := maps.Clone(report.Formats)
	all["color"] = report.ColorText
	return all
}

func TestFormats(t *testing.T) {
	forEachCase(t, func(t *testing.T, path string, archive *txtar.Archive, r report.Report) {
		for _, name := range slices.Sorted(maps.Keys(formats())) {
			printer := formats()[name]
			got := strings.ReplaceAll(printed(t, printer, r), "\x1b", "ESC")
			want := section(archive, name)
			if *update {
				want.Data = []byte(got)
			} else if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestJUnitIsXML checks that no name can make a report that is not read, and that
// no two cases have one name, of which GitLab would drop all but the first.
func TestJUnitIsXML(t *testing.T) {
	forEachCase(t, func(t *testing.T, _ string, _ *txtar.Archive, r report.Report) {
		seen := map[string]bool{}
		for decoder := xml.NewDecoder(strings.NewReader(printed(t, report.JUnit, r))); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			element, ok := token.(xml.StartElement)
			if !ok || element.Name.Local != "testcase" {
				continue
			}
			name := element.Attr[0].Value + " " + element.Attr[1].Value
			if seen[name] {
				t.Errorf("two cases are called %s", name)
			}
			seen[name] = true
		}
	})
}

// TestWriterFails checks that a full disk is not taken for a good mesh.
func TestWriterFails(t *testing.T) {
	for name, printer := range formats() {
		if err := printer(full{}, report.Report{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v, want that the disk is full", name, err)
		}
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func forEachCase(t *testing.T, test func(t *testing.T, path string, archive *txtar.Archive, r report.Report)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c reportCase
			if err := yaml.UnmarshalStrict(section(archive, "report.yaml").Data, &c); err != nil {
				t.Fatal(err)
			}
			test(t, path, archive, c.report())
		})
	}
}

func printed(t *testing.T, printer report.Printer, r report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := printer(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// section returns the file of an archive, which is added where there is none.
func section(archive *txtar.Archive, name string) *txtar.File {
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			return &archive.Files[i]
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: name})
	return &archive.Files[len(archive.Files)-1]
}
