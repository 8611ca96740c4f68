package admit

import (
	"cmp"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// missingObject names the part of a request that its operation needs and that is
// not there.
func missingObject(request *admissionv1.AdmissionRequest) string {
	switch {
	case request.Operation != admissionv1.Create && len(request.OldObject.Raw) == 0:
		return "oldObject"
	case request.Operation != admissionv1.Delete && len(request.Object.Raw) == 0:
		return "object"
	default:
		return ""
	}
}

// changeOf reads what a request changes. It returns an error where an object
// cannot be read.
func changeOf(kind mesh.Kind, request *admissionv1.AdmissionRequest) (mesh.Change, error) {
	var change mesh.Change
	var err error
	if request.Operation != admissionv1.Create {
		if change.Old, err = objectOf(kind, request, request.OldObject); err != nil {
			return change, fmt.Errorf("oldObject: %w", err)
		}
	}
	if request.Operation != admissionv1.Delete {
		if change.New, err = objectOf(kind, request, request.Object); err != nil {
			return change, fmt.Errorf("object: %w", err)
		}
	}
	return change, nil
}

func objectOf(kind mesh.Kind, request *admissionv1.AdmissionRequest, from runtime.RawExtension) (*mesh.Object, error) {
	object, err := mesh.Decode(kind, from.Raw)
	if err != nil {
		return nil, err
	}
	object.Namespace = cmp.Or(object.Namespace, request.Namespace)
	object.Name = cmp.Or(object.Name, request.Name)
	return object, nil
}
