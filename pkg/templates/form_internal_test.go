package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// forms are texts with holes in them, and with what looks like one.
var forms = []string{
	"metadata:\n  labels:\n    a/b: %s\n  annotations: {\n    c/d: %s,\n    e/f: \"1\"\n  }\n",
	"spec:\n  containers:\n  - name: a\n    env:\n    - name: A\n      value: %s\n    - name: B\n      value: \"\"\n  - name: b\n    env:\n    - {name: C}\n    - name: C\n      value: %s\n",
	"metadata: {labels: {\n  a/b: %s\n}, annotations: {\n  a/b: %s\n}}\n",
	"spec:\n  initContainers:\n  - name: a\n    env:\n    - name: A\n      value: %s\n    $setElementOrder/env:\n    - name: A\n",
	"spec:\n  containers:\n  - name: a\n    env:\n    - name: A\n      value: %s\n  - name: b\n    $patch: delete\n    env:\n    - name: A\n      value: %s\n",
	// Within other texts, and before more of them.
	"metadata:\n  annotations:\n    a/b: |\n      value: %s\n    c/d: %s\n      more\n",
	"metadata:\n  annotations:\n    a/b: '\n    value: %s\n    '\n# value: %s\n",
	// Twice, under one key twice, and where fields have other types.
	"metadata:\n  labels: &l\n    a/b: %s\n  annotations: *l\n",
	"metadata:\n  labels:\n    a/b: %s\n    a/b: %s\n",
	"spec:\n  containers:\n  - name: a\n    resources:\n      limits:\n        a/b: %s\n",
	"spec:\n  tolerations:\n  - key: a\n    value: %s\n  nodeSelector:\n    a/b: %s\n",
	"spec:\n  containers:\n  - name: a\n    env:\n    - name: A\n      value: %s\n      unknown/b: %s\n",
	"value: %s\n",
}

// values are what may be in a hole, and what may not.
var values = []string{
	`a`, `"a"`, `b.c/d-e_f`, `a:b`, `a::b`, `a:/b`, `a:`, `"a:b"`, `a,b`, `yes`, `No`, `NULL`, `"yes"`, `~`, `1`, `"1"`, `"1Gi"`, `1e3`, `0x1`, `.inf`,
	`"<a>&'b'"`, `"a\"b"`, `"a\nb"`, `"a\\"`, `" a  b "`, `" "`, `""`, `"a"b`, `"a" # b`, `"a",`, `a # b`, `a b`, `a b:c`, `- a`, `? a`, `! a`, `&a b`, `*a`,
	`{a: b}`, `[a]`, `|`, `>-`, `'a'`, "a\tb", "\"a\tb\"", "a\r", "\"\u00e9\"", "\"\u0085\"", `"$patch"`, `"null"`, `hole://0000000000000000/0/x`,
}

func TestFormsAreFilledAsTheirTextsAreRead(t *testing.T) {
	for _, form := range forms {
		remembers := newMemory()
		for _, value := range values {
			holdToParser(t, remembers, []byte(written(form, value, "z")))
			holdToParser(t, remembers, []byte(written(form, `"z"`, value)))
		}
	}
}

func written(form, first, second string) string {
	return strings.Replace(strings.Replace(form, "%s", first, 1), "%s", second, 1)
}

// holdToParser compares what a memory knows of a text with what a parser makes of it.
func holdToParser(t *testing.T, remembers *memory, text []byte) {
	t.Helper()
	got, err := remembers.overlay(text)
	want, wantErr := parseOverlay(text)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("got the error %v, want %v, for\n%s", err, wantErr, text)
	}
	if err != nil {
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Overlay{})); diff != "" {
		t.Fatalf("the overlay differs (-want +got):\n%s\nfor\n%s", diff, text)
	}
	patch, err := got.Patch()
	wantPatch, wantErr := want.Patch()
	if diff := cmp.Diff(wantPatch, patch); diff != "" || err != nil || wantErr != nil {
		t.Fatalf("the patch differs, %v, %v (-want +got):\n%s\nfor\n%s", err, wantErr, diff, text)
	}
}

// FuzzForms reads a text, and then the one that has another value in one of its holes.
func FuzzForms(f *testing.F) {
	for _, form := range forms {
		for _, value := range values {
			f.Add(written(form, "a", `"b"`), value, uint(0))
		}
	}
	f.Fuzz(func(t *testing.T, text, value string, which uint) {
		remembers := newMemory()
		holdToParser(t, remembers, []byte(text))
		var o outline
		o.read([]byte(text))
		if len(o.ends) == 0 {
			return
		}
		words := o.split()
		words[which%uint(len(words))] = value
		holdToParser(t, remembers, filledWith(o.form, words))
	})
}
