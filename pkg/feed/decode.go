package feed

import (
	"encoding/json"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// decode reads an object as it came from the API server. It returns an error that
// names the object where it cannot be read.
func (s source) decode(obj any) (*mesh.Object, error) {
	from, ok := obj.(client.Object)
	if !ok {
		return nil, fmt.Errorf("%s: the API server sent a %T", s.kind, obj)
	}
	if bare, ok := obj.(*metav1.PartialObjectMetadata); ok {
		// The API server calls metadata by the kind of metadata.
		named := *bare
		named.SetGroupVersionKind(s.api)
		from = &named
	}
	name := fmt.Sprintf("%s %s/%s", s.kind, from.GetNamespace(), from.GetName())
	raw, err := encode(from)
	if err != nil {
		return nil, &unreadable{name, err}
	}
	object, err := mesh.Decode(s.kind, raw)
	if err != nil {
		return nil, &unreadable{name, err}
	}
	return object, nil
}

// encode returns the JSON of an object, without who wrote which of its fields: often half
// of it, and of no use here. An object without a schema is not encoded by way of the
// standard library, which reads once more what such an object writes.
func encode(from client.Object) ([]byte, error) {
	plain, ok := from.(*unstructured.Unstructured)
	if !ok {
		return json.Marshal(from)
	}
	bare := *plain
	bare.Object = maps.Clone(plain.Object)
	if metadata, ok := plain.Object["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		delete(metadata, "managedFields")
		bare.Object["metadata"] = metadata
	}
	return bare.MarshalJSON()
}

// decodeAll reads the objects of a list; those that it cannot read are named in
// skipped.
func (s source) decodeAll(list client.ObjectList) (objects []*mesh.Object, skipped []error, err error) {
	err = meta.EachListItem(list, func(item runtime.Object) error {
		object, unreadable := s.decode(item)
		if unreadable != nil {
			skipped = append(skipped, unreadable)
			return nil
		}
		objects = append(objects, object)
		return nil
	})
	return objects, skipped, err
}
