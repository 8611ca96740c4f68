package mutate_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/templates"
)

var update = flag.Bool("update", false, "rewrite the wanted part of every case in testdata")

// A testCase is one archive of testdata. Its comment says what it is about. It
// holds
//
//	pod.yaml       the pod, or pod.json where the very bytes matter
//	settings.yaml  optional: see settings
//	template.yaml  optional: a template in place of the embedded one
//	want           the decision, or the error
//	want.patch     one operation a line; only beside a template.yaml, because the
//	               embedded template makes lines that nobody reads
//	want.yaml      the pod with the patch applied
type testCase struct {
	name    string
	archive *txtar.Archive
}

// settings are a case's own, over the injector's defaults.
type settings struct {
	Namespace      string           `json:"namespace"`
	Revision       string           `json:"revision"`
	NativeSidecars bool             `json:"nativeSidecars"`
	Values         templates.Values `json:"values"`
}

func loadCases(tb testing.TB) []testCase {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no cases in testdata: %v", err)
	}
	cases := make([]testCase, 0, len(files))
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		cases = append(cases, testCase{strings.TrimSuffix(filepath.Base(file), ".txtar"), archive})
	}
	return cases
}

func loadCase(tb testing.TB, name string) testCase {
	tb.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		tb.Fatal(err)
	}
	return testCase{name, archive}
}

// file returns the named file of the archive, or nil.
func (c testCase) file(name string) []byte {
	for _, file := range c.archive.Files {
		if file.Name == name {
			return file.Data
		}
	}
	return nil
}

func (c testCase) settings(tb testing.TB) settings {
	tb.Helper()
	var s settings
	if err := yaml.UnmarshalStrict(c.file("settings.yaml"), &s); err != nil {
		tb.Fatalf("settings.yaml: %v", err)
	}
	s.Namespace = cmp.Or(s.Namespace, "default")
	return s
}

// raw returns the pod as JSON.
func (c testCase) raw(tb testing.TB) []byte {
	tb.Helper()
	if raw := c.file("pod.json"); raw != nil {
		return raw
	}
	raw, err := yaml.YAMLToJSONStrict(c.file("pod.yaml"))
	if err != nil {
		tb.Fatalf("pod.yaml: %v", err)
	}
	return raw
}

func (c testCase) injector(tb testing.TB) *mutate.Injector {
	tb.Helper()
	s := c.settings(tb)
	config := mutate.Config{
		Values:         templates.DefaultValues().With(s.Values),
		Revision:       s.Revision,
		NativeSidecars: s.NativeSidecars,
	}
	if text := c.file("template.yaml"); text != nil {
		template, err := templates.Parse("template.yaml", string(text))
		if err != nil {
			tb.Fatal(err)
		}
		config.Template = template
	}
	injector, err := mutate.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	return injector
}

// outcome returns the files that the case wants, as they come out now.
func (c testCase) outcome(tb testing.TB) []txtar.File {
	tb.Helper()
	raw, namespace := c.raw(tb), c.settings(tb).Namespace
	pod, err := mutate.Decode(raw)
	if err != nil {
		return []txtar.File{{Name: "want", Data: fmt.Appendf(nil, "error: %v\n", err)}}
	}
	decision := mutate.Decide(pod, namespace)
	if !decision.Inject {
		return []txtar.File{{Name: "want", Data: describe(decision)}}
	}
	patch, err := c.injector(tb).Inject(raw, pod, mutate.WorkloadOf(pod, namespace))
	if err != nil {
		return []txtar.File{{Name: "want", Data: fmt.Appendf(describe(decision), "error: %v\n", err)}}
	}
	files := []txtar.File{{Name: "want", Data: describe(decision)}}
	if c.file("template.yaml") != nil {
		files = append(files, txtar.File{Name: "want.patch", Data: linewise(patch)})
	}
	injected, err := yaml.JSONToYAML(apply(tb, raw, patch))
	if err != nil {
		tb.Fatal(err)
	}
	return append(files, txtar.File{Name: "want.yaml", Data: injected})
}

func describe(decision mutate.Decision) []byte {
	text := fmt.Appendf(nil, "inject: %t\nreason: %s\n", decision.Inject, decision.Reason)
	if decision.Warning != "" {
		text = fmt.Appendf(text, "warning: %s\n", decision.Warning)
	}
	return text
}

func linewise(patch mutate.Patch) []byte {
	var text []byte
	for i := range patch {
		text = append(text, bytes.Trim(patch[i:i+1].JSON(), "[]")...)
		text = append(text, '\n')
	}
	return text
}

// apply returns the pod with the patch applied by a library that knows nothing
// of this package.
func apply(tb testing.TB, raw []byte, patch mutate.Patch) []byte {
	tb.Helper()
	decoded, err := jsonpatch.DecodePatch(patch.JSON())
	if err != nil {
		tb.Fatalf("the patch is not a JSON patch: %v\n%s", err, patch.JSON())
	}
	injected, err := decoded.Apply(raw)
	if err != nil {
		tb.Fatalf("the patch does not apply: %v\n%s", err, patch.JSON())
	}
	return injected
}

// rewrite puts the outcome in place of what the archive wanted.
func (c testCase) rewrite(t *testing.T, outcome []txtar.File) {
	t.Helper()
	archive := txtar.Archive{Comment: c.archive.Comment}
	for _, file := range c.archive.Files {
		if file.Name != "want" && !strings.HasPrefix(file.Name, "want.") {
			archive.Files = append(archive.Files, file)
		}
	}
	archive.Files = append(archive.Files, outcome...)
	if err := os.WriteFile(filepath.Join("testdata", c.name+".txtar"), txtar.Format(&archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
