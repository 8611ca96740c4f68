package feed

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// shelf answers for an API server: with objects, or with an error, by kind.
type shelf struct {
	client.Reader
	objects map[string][]map[string]any
	errors  map[string]error
}

func (s *shelf) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	kind := strings.TrimSuffix(into.GetObjectKind().GroupVersionKind().Kind, "List")
	var items []runtime.Object
	for _, object := range s.objects[kind] {
		items = append(items, &unstructured.Unstructured{Object: object})
	}
	return errors.Join(s.errors[kind], meta.SetList(into, items))
}

func service(name string, ports any) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": name, "namespace": "a"},
		"spec":     map[string]any{"ports": ports},
	}
}

func TestReadSkipsWhatItCannotRead(t *testing.T) {
	objects, skipped, err := readAll(t.Context(), &shelf{
		objects: map[string][]map[string]any{"Service": {service("good", nil), service("odd", "none")}},
		errors:  map[string]error{"VirtualService": apierrors.NewNotFound(schema.GroupResource{}, "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 1 || objects[0].Name != "good" {
		t.Errorf("read %v", objects)
	}
	if len(skipped) != 1 || !strings.HasPrefix(skipped[0].Error(), "Service a/odd: ") {
		t.Errorf("skipped %v", skipped)
	}
}

func TestReadNamesEveryMissingRight(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "somethings"}, "", errors.New("no"))
	_, _, err := readAll(t.Context(), &shelf{errors: map[string]error{"Service": forbidden, "VirtualService": forbidden}})
	for _, want := range []string{"Service cannot be read; this takes the verb list", "VirtualService cannot be read; this takes the verb list"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNextWaitsForAllKinds checks that nobody judges a mesh of which some kinds
// were not read, and that what happened in between comes at once.
func TestNextWaitsForAllKinds(t *testing.T) {
	f := newFeed(nil, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
	for i, s := range f.stores {
		if i > 0 {
			if _, _, err := f.Next(done(t)); err == nil {
				t.Fatalf("Next returned before %s was read", s.kind)
			}
		}
		var list []any
		if s.kind == mesh.KindService {
			list = append(list, &unstructured.Unstructured{Object: service("x", nil)})
		}
		if err := s.Replace(list, ""); err != nil {
			t.Fatal(err)
		}
	}
	now, changed, err := f.Next(t.Context())
	if err != nil || now.Len() != 1 || len(changed) != 1 {
		t.Fatalf("got %v, %v", changed, err)
	}
	services := storeOf(f, mesh.KindService)
	for _, name := range []string{"x", "y", "x"} {
		if err := services.Update(&unstructured.Unstructured{Object: service(name, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	if now, changed, err = f.Next(t.Context()); err != nil || now.Len() != 2 || len(changed) != 2 {
		t.Errorf("got %v, %v", changed, err)
	}
}

func storeOf(f *Feed, kind mesh.Kind) *store {
	return f.stores[slices.IndexFunc(f.stores, func(s *store) bool { return s.kind == kind })]
}

// TestNamespacesAreReadAsMetadata checks what is known of namespaces, which the
// API server calls PartialObjectMetadata when asked for metadata only.
func TestNamespacesAreReadAsMetadata(t *testing.T) {
	f := newFeed(nil, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
	now := metav1.Now()
	bare := metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}
	if err := storeOf(f, mesh.KindNamespace).Replace([]any{
		&metav1.PartialObjectMetadata{TypeMeta: bare, ObjectMeta: metav1.ObjectMeta{Name: "stays", Labels: map[string]string{"a": "b"}}},
		&metav1.PartialObjectMetadata{TypeMeta: bare, ObjectMeta: metav1.ObjectMeta{Name: "goes", DeletionTimestamp: &now}},
	}, ""); err != nil {
		t.Fatal(err)
	}
	if f.Terminating("stays") || !f.Terminating("goes") || f.Terminating("unknown") {
		t.Error("the wrong namespace is on its way out")
	}
	if labels := f.NamespaceLabels("stays"); labels["a"] != "b" || f.NamespaceLabels("unknown") != nil {
		t.Errorf("labels are %v", labels)
	}
	if stored := f.Snapshot().Get(mesh.Ref{Kind: mesh.KindNamespace, Name: "stays"}); stored.APIVersion != "v1" {
		t.Errorf("the API version is %s", stored.APIVersion)
	}
}

// done is a context that has ended, so that Next does not wait.
func done(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
