package mutate_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
//	mesh.yaml      optional: the mesh's own configuration
//	config.yaml    optional: the injector's configuration in place of the embedded one
//	template.yaml  optional: a template in place of the embedded one
//	want           the decision and the warnings, or the error
//	want.patch     one operation a line; only beside a template.yaml, because the
//	               embedded template makes lines that nobody reads
//	want.yaml      the pod with the patch applied
type testCase struct {
	name    string
	archive *txtar.Archive
}

// settings are a case's own, over the injector's defaults.
type settings struct {
	Namespace      string            `json:"namespace"`
	Labels         map[string]string `json:"namespaceLabels"`
	Annotations    map[string]string `json:"namespaceAnnotations"`
	Path           string            `json:"path"`
	Revision       string            `json:"revision"`
	NativeSidecars bool              `json:"nativeSidecars"`
	NativeJobs     bool              `json:"nativeJobs"`
	OpenShift      bool              `json:"openShift"`
	Values         json.RawMessage   `json:"values"`
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
	over, err := templates.ParseValues(s.Values)
	if err != nil {
		tb.Fatal(err)
	}
	values := templates.DefaultValues().With(over)
	mesh, err := templates.ParseMesh(c.file("mesh.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	config := mutate.Config{
		Values:         &values,
		Mesh:           mesh,
		Revision:       s.Revision,
		NativeSidecars: s.NativeSidecars,
		NativeJobs:     s.NativeJobs,
		OpenShift:      s.OpenShift,
	}
	text := c.file("config.yaml")
	if template := c.file("template.yaml"); template != nil {
		if text, err = json.Marshal(map[string]any{"policy": "enabled", "templates": map[string]string{"sidecar": string(template)}}); err != nil {
			tb.Fatal(err)
		}
	}
	if text != nil {
		if config.Templates, err = templates.ParseConfig(text); err != nil {
			tb.Fatal(err)
		}
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
	raw, s := c.raw(tb), c.settings(tb)
	pod, err := mutate.Decode(raw)
	if err != nil {
		return []txtar.File{{Name: "want", Data: fmt.Appendf(nil, "error: %v\n", err)}}
	}
	injector := c.injector(tb)
	decision := injector.Decide(pod, s.Namespace)
	if !decision.Inject {
		return []txtar.File{{Name: "want", Data: describe(decision, nil)}}
	}
	injection, err := injector.Inject(mutate.Request{
		Raw: raw, Pod: pod, Workload: mutate.WorkloadOf(pod, s.Namespace),
		Variables: mutate.VariablesOf(s.Path),
		Namespace: &metav1.ObjectMeta{Name: s.Namespace, Labels: s.Labels, Annotations: s.Annotations},
	})
	if err != nil {
		return []txtar.File{{Name: "want", Data: fmt.Appendf(describe(decision, nil), "error: %v\n", err)}}
	}
	files := []txtar.File{{Name: "want", Data: describe(decision, injection.Warnings)}}
	if c.file("template.yaml") != nil {
		files = append(files, txtar.File{Name: "want.patch", Data: linewise(injection.Patch)})
	}
	injected, err := yaml.JSONToYAML(escaped(apply(tb, raw, injection.Patch)))
	if err != nil {
		tb.Fatal(err)
	}
	return append(files, txtar.File{Name: "want.yaml", Data: injected})
}

// escaped writes what YAML does not take unescaped, and JSON does, with escapes.
func escaped(text []byte) []byte {
	var result []byte
	for _, r := range string(text) {
		if r == 0x7f || r >= 0x80 && r <= 0x9f || r == 0xfeff {
			result = fmt.Appendf(result, `\u%04x`, r)
			continue
		}
		result = utf8.AppendRune(result, r)
	}
	return result
}

func describe(decision mutate.Decision, warnings []string) []byte {
	text := fmt.Appendf(nil, "inject: %t\nreason: %s\n", decision.Inject, decision.Reason)
	if decision.Warning != "" {
		text = fmt.Appendf(text, "warning: %s\n", decision.Warning)
	}
	for _, warning := range warnings {
		text = fmt.Appendf(text, "warning: %s\n", warning)
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

func decoded(tb testing.TB, raw []byte) *corev1.Pod {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return pod
}
