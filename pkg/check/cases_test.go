package check_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/check"
)

var update = flag.Bool("update", false, "rewrite what the cases want")

// now is when all cases are looked at.
var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// fault is what is planted in the sound installation of testdata/sound.yaml.
type fault struct {
	Add    []map[string]any `json:"add"`
	Patch  []patch          `json:"patch"`
	Delete []string         `json:"delete"`
	// Forbidden are kinds that may not be read, and questions that may not be asked.
	Forbidden []string            `json:"forbidden"`
	Version   string              `json:"version"` // of the API server
	Binary    string              `json:"binary"`
	Probe     string              `json:"probe"`
	Serves    map[string][]string `json:"serves"`
	Lacks     []string            `json:"lacks"` // rights of the ServiceAccount, as in "list nodes"
	// Try is what the API server answers to dry runs, by kind.
	Try map[string]answer `json:"try"`
}

type patch struct {
	Of  string          `json:"of"`
	Ops json.RawMessage `json:"ops"`
}

type answer struct {
	Warnings []string `json:"warnings"`
	Error    string   `json:"error"`
	Absent   bool     `json:"absent"` // the kind is not served
	Proxy    bool     `json:"proxy"`  // the pod gets its sidecar
}

// TestCases plants the faults of testdata/*.txtar, one archive for each check and one file
// for each fault, and compares what all checks say of it with the archive's want.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	tokens := certificates(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			must(t, err)
			var got bytes.Buffer
			for _, f := range archive.Files {
				if f.Name != "want" {
					fmt.Fprintf(&got, "%s:\n%s", f.Name, told(t, tokens.Replace(string(f.Data))))
				}
			}
			want := &archive.Files[len(archive.Files)-1]
			if diff := cmp.Diff(string(want.Data), got.String()); diff != "" && !*update {
				t.Errorf("-want +got:\n%s", diff)
			}
			if want.Data = got.Bytes(); *update {
				must(t, os.WriteFile(file, txtar.Format(archive), 0o600))
			}
		})
	}
}

// TestEveryCheckHasCases holds the list of checks and the archives together.
func TestEveryCheckHasCases(t *testing.T) {
	for _, c := range check.All() {
		archive, err := txtar.ParseFile("testdata/" + c.Name + ".txtar")
		if err != nil {
			t.Errorf("%s has no cases: %v", c.Name, err)
			continue
		}
		want := string(archive.Files[len(archive.Files)-1].Data)
		if !strings.Contains(want, "error: "+c.Name) && !strings.Contains(want, "warning: "+c.Name) {
			t.Errorf("no case of %s has a finding", c.Name)
		}
	}
}

// TestEveryFixHasACommand holds what people are told to what they can do about it.
func TestEveryFixHasACommand(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	must(t, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		must(t, err)
		for line := range strings.Lines(string(archive.Files[len(archive.Files)-1].Data)) {
			fix, is := strings.CutPrefix(line, "  fix  ")
			if is && !slices.ContainsFunc([]string{"kubectl", "helm", "meshward", "date"}, func(s string) bool { return strings.Contains(fix, s+" ") }) {
				t.Errorf("%s: no command in %s", file, fix)
			}
		}
	}
}

// told is what is said of a cluster with a fault in it.
func told(t *testing.T, text string) string {
	t.Helper()
	var f fault
	must(t, yaml.UnmarshalStrict([]byte(text), &f))
	options := check.Options{Namespace: "meshward-system", Service: "meshward", ProbeNamespace: "default", Binary: "v1.2.3", Now: now}
	if f.Binary != "" {
		options.Binary = f.Binary
	}
	if f.Probe != "" {
		options.ProbeNamespace = f.Probe
	}
	results, err := check.Run(t.Context(), f.cluster(t), options, check.All())
	if err != nil {
		return err.Error() + "\n"
	}
	var out bytes.Buffer
	must(t, check.Text(&out, results, false))
	return out.String()
}

func (f *fault) cluster(t *testing.T) check.Cluster {
	t.Helper()
	builder := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			return errors.Join(f.refuses(into, key.Name), c.Get(ctx, key, into, options...))
		},
		List: func(ctx context.Context, c client.WithWatch, into client.ObjectList, options ...client.ListOption) error {
			if err := f.refuses(into, ""); err != nil {
				return err
			}
			return c.List(ctx, into, options...)
		},
	})
	for _, object := range f.objects(t) {
		builder = builder.WithObjects(object)
	}
	return check.Cluster{Reader: builder.Build(), Version: f.version, Serves: f.serves, Try: f.try, May: f.may}
}

// objects are those of the sound installation with the fault in it.
func (f *fault) objects(t *testing.T) []client.Object {
	t.Helper()
	text, err := os.ReadFile("testdata/sound.yaml")
	must(t, err)
	byName := map[string]map[string]any{}
	var order []string
	for document := range strings.SplitSeq(certificates(t).Replace(string(text)), "\n---\n") {
		object := map[string]any{}
		must(t, yaml.UnmarshalStrict([]byte(document), &object))
		f.Add = append(f.Add, object)
	}
	// What is added comes before what is there, and in its place.
	for _, object := range f.Add {
		name := nameOf(object)
		if byName[name] == nil {
			byName[name] = object
			order = append(order, name)
		}
	}
	for _, p := range f.Patch {
		byName[p.Of] = p.apply(t, byName[p.Of])
	}
	var objects []client.Object
	for _, name := range order {
		if !slices.Contains(f.Delete, name) {
			objects = append(objects, &unstructured.Unstructured{Object: byName[name]})
		}
	}
	for _, name := range f.Delete {
		if byName[name] == nil {
			t.Fatalf("there is no %s to delete", name)
		}
	}
	return objects
}

func nameOf(object map[string]any) string {
	u := unstructured.Unstructured{Object: object}
	return u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName()
}

func (p patch) apply(t *testing.T, object map[string]any) map[string]any {
	t.Helper()
	if object == nil {
		t.Fatalf("there is no %s to patch", p.Of)
	}
	stored, err := json.Marshal(object)
	must(t, err)
	ops, err := jsonpatch.DecodePatch(p.Ops)
	must(t, err)
	patched, err := ops.Apply(stored)
	must(t, err)
	object = map[string]any{}
	must(t, json.Unmarshal(patched, &object))
	return object
}

// refuses returns what an API server says to who may not read a kind.
func (f *fault) refuses(into any, name string) error {
	kind := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", into), "*v1."), "List")
	if !slices.Contains(f.Forbidden, kind) {
		return nil
	}
	return apierrors.NewForbidden(schema.GroupResource{Resource: strings.ToLower(kind) + "s"}, name, errors.New("you may not"))
}

func (f *fault) version(context.Context) (string, error) {
	switch f.Version {
	case "":
		return "v1.34.1", nil
	case "none":
		return "", errors.New("dial tcp 192.0.2.1:443: connect: connection refused")
	}
	return f.Version, nil
}

func (f *fault) serves(_ context.Context, groupVersion string) ([]string, error) {
	if f.Serves != nil {
		return f.Serves[groupVersion], nil
	}
	return []string{"destinationrules", "gateways", "serviceentries", "sidecars", "virtualservices"}, nil
}

func (f *fault) may(_ context.Context, what *authorizationv1.SubjectAccessReviewSpec) (bool, error) {
	if slices.Contains(f.Forbidden, "SubjectAccessReview") {
		return false, f.refuses(&authorizationv1.SubjectAccessReview{}, "")
	}
	if what.User != "system:serviceaccount:meshward-system:meshward" {
		return false, nil
	}
	a := what.ResourceAttributes
	asked := a.Verb + " " + a.Resource
	return !slices.Contains(f.Lacks, asked) && !slices.Contains(f.Lacks, strings.TrimSpace(asked+" "+a.Name)), nil
}

func (f *fault) try(_ context.Context, object client.Object) ([]string, error) {
	given := map[string]answer{
		"VirtualService": {Warnings: []string{"would be denied: undefined-subset: route to subset \"none\""}},
		"Pod":            {Proxy: true},
	}
	kind := "VirtualService"
	pod, isPod := object.(*corev1.Pod)
	if isPod {
		kind = "Pod"
	}
	is, set := f.Try[kind]
	if !set {
		is = given[kind]
	}
	if is.Proxy && isPod {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "istio-proxy"})
	}
	switch {
	case is.Absent:
		return nil, &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: "networking.istio.io", Kind: kind}}
	case is.Error != "":
		return nil, &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Message: is.Error}}
	}
	return is.Warnings, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
