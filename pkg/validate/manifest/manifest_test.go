package manifest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/validate/manifest"
)

const listed = `# a comment

---

---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: one}
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata:
    name: two
  spec:
    hosts: [x]
    http:
    - route:
      - destination:
          host: x
`

// TestLines checks that a field is found where an editor would show it.
func TestLines(t *testing.T) {
	set, err := manifest.Reader{Namespace: "default", Stdin: strings.NewReader(listed)}.Read("-")
	if err != nil || len(set.Objects) != 2 {
		t.Fatalf("%d objects, %v", len(set.Objects), err)
	}
	one, two := set.Objects[0], set.Objects[1]
	tests := map[string]int{
		"":                                     12,
		"metadata.name":                        15,
		"spec.http[0].route[0].destination":    20,
		"spec.http[0].route[0].destination.no": 20, // the innermost part that is there
		"spec.http[7]":                         18,
	}
	for path, want := range tests {
		if got := set.Line(two, path); got != want {
			t.Errorf("%q is on line %d, want %d", path, got, want)
		}
	}
	if got := set.Line(one, ""); got != 9 {
		t.Errorf("the first item is on line %d, want 9", got)
	}
	if one.Source.Line != 9 || one.Source.File != "<stdin>" || one.Namespace != "default" {
		t.Errorf("the first item is %v from %v", one, one.Source)
	}
	other, _ := manifest.Reader{Stdin: strings.NewReader(listed)}.Read("-")
	if got := set.Line(other.Objects[0], ""); got != 0 {
		t.Errorf("an object of another set is on line %d", got)
	}
}

// FuzzRead reads anything at all: every object has a line that is in the file.
func FuzzRead(f *testing.F) {
	f.Add([]byte(listed))
	f.Add([]byte("a: [\n---\n\xef\xbb\xbf"))
	f.Add([]byte("--- {apiVersion: v1, kind: Service, metadata: {name: x}}\r\n"))
	f.Add([]byte("apiVersion: v1\nkind: ServiceList\nitems: [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, _ := manifest.Reader{Namespace: "default", Stdin: bytes.NewReader(data)}.Read("-")
		last := bytes.Count(data, []byte("\n")) + 1
		for _, object := range set.Objects {
			for _, path := range []string{"", "spec", "metadata.name", "spec.http[0].route[1]"} {
				if line := set.Line(object, path); line < 1 || line > last {
					t.Errorf("%s %q is on line %d of %d", object, path, line, last)
				}
			}
		}
	})
}
