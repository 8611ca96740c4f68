package templates

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const foldValues = `
word: word
number: 15020
really: true
never: false
list: [a, b]
tree: {leaf: green}
`

// TestFold has what is left of each template of testdata/fold once the values are known.
func TestFold(t *testing.T) {
	files, err := filepath.Glob("testdata/fold/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			whole, folded := foldedBy(t, string(archive.Files[0].Data), foldValues)
			got := folded.text.Tree.Root.String()
			if flag.Lookup("update").Value.String() == "true" {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "folded", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.TrimSuffix(string(archive.Files[1].Data), "\n"), strings.TrimSuffix(got, "\n")); diff != "" {
				t.Errorf("what is left differs (-want +got); run with -update if it should:\n%s", diff)
			}
			holdToWhole(t, whole, folded, foldValues)
		})
	}
}

// foldedBy returns a template, as it is written and for some values.
func foldedBy(t *testing.T, text, values string) (whole, folded *Template) {
	t.Helper()
	whole, err := Parse("template", text)
	if err != nil {
		t.Skip(err)
	}
	return whole, whole.For(parsedValues(t, values))
}

func parsedValues(t *testing.T, text string) map[string]any {
	t.Helper()
	values, err := ParseValues([]byte(text))
	if err != nil {
		t.Skip(err)
	}
	return values.Map()
}

// holdToWhole renders a template for pods, as it was written and folded.
func holdToWhole(t *testing.T, whole, folded *Template, values string) {
	t.Helper()
	for _, meta := range []metav1.ObjectMeta{
		{},
		{Name: "web", Labels: map[string]string{"app": "web"}},
		{Name: "word", GenerateName: "web-", Annotations: map[string]string{"a": "b", "Values": "c"}},
	} {
		data := &Data{
			ObjectMeta: &meta, Spec: &corev1.PodSpec{Containers: []corev1.Container{{Name: "one", Image: "i"}, {Name: "two"}}},
			MeshConfig: DefaultMesh(), ProxyConfig: DefaultMesh().DefaultConfig, Values: parsedValues(t, values),
		}
		var want, got bytes.Buffer
		wantErr, err := whole.text.Execute(&want, data), folded.text.Execute(&got, data)
		if (wantErr == nil) != (err == nil) {
			t.Fatalf("it fails with %v, and folded with %v", wantErr, err)
		}
		if err == nil && want.String() != got.String() && !calls(whole.text, chancy) {
			t.Fatalf("it renders\n%s\nand folded\n%s", &want, &got)
		}
	}
}

// chancy are functions that make another text each time; long are those that make a text, or
// take a time, of any length.
var (
	chancy = []string{
		"now", "ago", "date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "randAlphaNum", "randAlpha", "randAscii", "randNumeric",
		"randBytes", "randInt", "uuidv4", "shuffle", "encryptAES", "bcrypt", "htpasswd", "keys", "values", "genPrivateKey", "genCA", "genCAWithKey",
		"genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
	}
	long = []string{"seq", "until", "untilStep", "repeat", "printf", "derivePassword"}
)

// FuzzFold folds any template for any values.
func FuzzFold(f *testing.F) {
	files, err := filepath.Glob("testdata/fold/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data), foldValues)
	}
	f.Add(sidecar, string(defaults))
	f.Fuzz(func(t *testing.T, text, values string) {
		whole, folded := foldedBy(t, text, values)
		if calls(whole.text, chancy) || calls(whole.text, long) {
			t.Skip("another text each time, or of any length")
		}
		holdToWhole(t, whole, folded, values)
	})
}
