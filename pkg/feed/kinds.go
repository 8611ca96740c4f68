package feed

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// kinds are those that the snapshot is built from. Each is read in one version;
// the API server converts.
var kinds = []mesh.Kind{
	mesh.KindDestinationRule,
	mesh.KindService,
	mesh.KindServiceEntry,
	mesh.KindVirtualService,
}

// objectsOf is an empty list of a kind. Objects are read without a schema, and
// one by one into what the mesh needs of them: a single object that we cannot
// read must not hide all the others.
func objectsOf(kind mesh.Kind) client.ObjectList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk(kind, "List"))
	return list
}

func objectOf(kind mesh.Kind) client.Object {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(gvk(kind, ""))
	return object
}

func gvk(kind mesh.Kind, suffix string) schema.GroupVersionKind {
	return kind.GroupVersion().WithKind(string(kind) + suffix)
}

// Namespaces are read as metadata only: whether one is being deleted is all that
// matters of it.
func namespaceList() client.ObjectList {
	return &metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}}
}

func namespaceObject() client.Object {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}}
}
