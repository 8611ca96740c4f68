package admit

import (
	"encoding/json"
	"reflect"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// steered says what of an update is all that it changes, where that is what canary
// controllers change all day: the weights of a VirtualService, or the labels of a
// DestinationRule's subsets. It is empty for every other change. Such a change is
// never denied, but by a rule that is of weights themselves: a controller that is
// stopped half-way leaves the traffic between two versions, and cannot mend what others
// broke.
func steered(kind mesh.Kind, request *admissionv1.AdmissionRequest) string {
	if request.Operation != admissionv1.Update {
		return ""
	}
	what, strip := "weights", withoutWeights
	switch kind {
	case mesh.KindVirtualService:
	case mesh.KindDestinationRule:
		what, strip = "labels of subsets", withoutSubsetLabels
	default:
		return ""
	}
	var was, is object
	if json.Unmarshal(request.OldObject.Raw, &was) != nil || json.Unmarshal(request.Object.Raw, &is) != nil {
		return ""
	}
	strip(was.Spec)
	strip(is.Spec)
	if !reflect.DeepEqual(was, is) {
		return ""
	}
	return what
}

// object is what of an object takes part in traffic: its labels may name a revision.
type object struct {
	Metadata struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec"`
}

func withoutWeights(spec map[string]any) {
	for _, section := range []string{"http", "tls", "tcp"} {
		for _, rule := range items(spec[section]) {
			for _, destination := range items(rule["route"]) {
				delete(destination, "weight")
			}
		}
	}
}

func withoutSubsetLabels(spec map[string]any) {
	for _, subset := range items(spec["subsets"]) {
		delete(subset, "labels")
	}
}

// items are the objects of a list; what is something else is left out.
func items(list any) []map[string]any {
	var found []map[string]any
	elements, _ := list.([]any)
	for _, element := range elements {
		if item, ok := element.(map[string]any); ok {
			found = append(found, item)
		}
	}
	return found
}
