package mesh

import (
	"encoding/json"
	"fmt"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// networkingVersions are the versions in which Istio serves its networking
// group. Their schemas are the same, so one type reads them all.
var networkingVersions = []string{"v1", "v1beta1", "v1alpha3"}

// KindOf maps an API kind and version to a kind of the mesh. It reports false
// for everything that takes no part in routing, and for versions that are not served.
func KindOf(gvk schema.GroupVersionKind) (Kind, bool) {
	kind := Kind(gvk.Kind)
	switch kind {
	case KindService:
		return kind, gvk.Group == corev1.GroupName && gvk.Version == "v1"
	case KindVirtualService, KindDestinationRule, KindServiceEntry:
		return kind, gvk.Group == "networking.istio.io" && slices.Contains(networkingVersions, gvk.Version)
	default:
		return "", false
	}
}

// Decode reads one object of a kind from JSON. It returns an error where the
// JSON is not an object of that kind; fields that it does not know are ignored.
func Decode(kind Kind, raw []byte) (*Object, error) {
	var typed Typed
	switch kind {
	case KindService:
		typed = &corev1.Service{}
	case KindVirtualService:
		typed = &networkingv1.VirtualService{}
	case KindDestinationRule:
		typed = &networkingv1.DestinationRule{}
	case KindServiceEntry:
		typed = &networkingv1.ServiceEntry{}
	default:
		return nil, fmt.Errorf("kind %q takes no part in routing", kind)
	}
	if err := json.Unmarshal(raw, typed); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", kind, err)
	}
	object, _ := From(typed)
	return object, nil
}

// Typed is an object of a kind's own Go type.
type Typed interface {
	metav1.Object
	runtime.Object
}

// From makes an object of a typed one that a client read. It reports false for
// types that take no part in routing.
func From(typed Typed) (*Object, bool) {
	var kind Kind
	var said assertions
	version := typed.GetObjectKind().GroupVersionKind().GroupVersion()
	switch t := typed.(type) {
	case *corev1.Service:
		kind, said = KindService, newService(t)
	case *networkingv1.VirtualService:
		kind, said = KindVirtualService, newVirtualService(&t.Spec)
	case *networkingv1.DestinationRule:
		kind, said = KindDestinationRule, newDestinationRule(&t.Spec)
	case *networkingv1.ServiceEntry:
		kind, said = KindServiceEntry, newServiceEntry(&t.Spec)
	default:
		return nil, false
	}
	if version.Empty() { // clients leave it out of what they read
		version = kind.version()
	}
	return &Object{
		Ref:        Ref{Kind: kind, Namespace: typed.GetNamespace(), Name: typed.GetName()},
		APIVersion: version.String(),
		Created:    typed.GetCreationTimestamp().Time,
		Deleting:   typed.GetDeletionTimestamp() != nil,
		said:       said,
	}, true
}

// version is the API version in which a kind is read.
func (k Kind) version() schema.GroupVersion {
	if k == KindService {
		return corev1.SchemeGroupVersion
	}
	return networkingv1.SchemeGroupVersion
}
