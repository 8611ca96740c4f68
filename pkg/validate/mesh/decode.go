package mesh

import (
	"encoding/json"
	"fmt"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	ingressv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// networkingVersions are the versions in which Istio serves its networking
// group. Their schemas are the same, so one type reads them all.
var networkingVersions = []string{"v1", "v1beta1", "v1alpha3"}

// gatewayAPIVersions are the versions in which HTTPRoutes are served.
var gatewayAPIVersions = []string{"v1", "v1beta1"}

// KindOf maps an API kind and version to a kind of the mesh. It reports false
// for everything that takes no part in routing, and for versions that are not served.
func KindOf(gvk schema.GroupVersionKind) (Kind, bool) {
	kind := Kind(gvk.Kind)
	switch kind {
	case KindService:
		return kind, gvk.Group == corev1.GroupName && gvk.Version == "v1"
	case KindNamespace:
		return kind, gvk.Group == corev1.GroupName && gvk.Version == "v1"
	case KindIngress:
		return kind, gvk.Group == ingressv1.GroupName && gvk.Version == "v1"
	case KindHTTPRoute:
		return kind, gvk.Group == "gateway.networking.k8s.io" && slices.Contains(gatewayAPIVersions, gvk.Version)
	case KindVirtualService, KindDestinationRule, KindServiceEntry, KindGateway, KindSidecar:
		return kind, gvk.Group == "networking.istio.io" && slices.Contains(networkingVersions, gvk.Version)
	default:
		return "", false
	}
}

// Decode reads one object of a kind from JSON. It returns an error where the
// JSON is not an object of that kind; fields that it does not know are ignored.
func Decode(kind Kind, raw []byte) (*Object, error) {
	switch kind {
	case KindService:
		var o corev1.Service
		return decode(kind, raw, &o, func() assertions { return newService(&o) })
	case KindVirtualService:
		var o networkingv1.VirtualService
		return decode(kind, raw, &o, func() assertions { return newVirtualService(&o.Spec) })
	case KindDestinationRule:
		var o networkingv1.DestinationRule
		return decode(kind, raw, &o, func() assertions { return newDestinationRule(&o.Spec) })
	case KindServiceEntry:
		var o networkingv1.ServiceEntry
		return decode(kind, raw, &o, func() assertions { return newServiceEntry(&o.Spec, o.Labels) })
	case KindGateway:
		var o networkingv1.Gateway
		return decode(kind, raw, &o, func() assertions { return newGateway(&o.Spec) })
	case KindSidecar:
		var o networkingv1.Sidecar
		return decode(kind, raw, &o, func() assertions { return newSidecar(&o.Spec) })
	case KindNamespace:
		var o metav1.PartialObjectMetadata
		return decode(kind, raw, &o, func() assertions { return namespace(o.Labels) })
	case KindIngress:
		var o ingressv1.Ingress
		return decode(kind, raw, &o, func() assertions { return newIngress(&o) })
	case KindHTTPRoute:
		var o httpRouteObject
		return decode(kind, raw, &o, func() assertions { return newHTTPRoute(&o) })
	default:
		return nil, fmt.Errorf("kind %q takes no part in routing", kind)
	}
}

// typed is an object of a kind's own Go type.
type typed interface {
	metav1.Object
	runtime.Object
}

func decode(kind Kind, raw []byte, into typed, said func() assertions) (*Object, error) {
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", kind, err)
	}
	version := into.GetObjectKind().GroupVersionKind().GroupVersion()
	if version.Empty() { // some clients leave it out of what they send
		version = kind.GroupVersion()
	}
	if kind == KindNamespace {
		into.SetNamespace("") // it is in none
	}
	revision := ""
	if version.Group == networkingv1.SchemeGroupVersion.Group {
		revision = into.GetLabels()[revisionLabel]
	}
	return &Object{
		Ref:        Ref{Kind: kind, Namespace: into.GetNamespace(), Name: into.GetName()},
		APIVersion: version.String(),
		Created:    into.GetCreationTimestamp().Time,
		Deleting:   into.GetDeletionTimestamp() != nil,
		Override:   into.GetAnnotations()[OverrideAnnotation],
		revision:   revision,
		said:       said(),
	}, nil
}

// GroupVersion is the API version in which a kind is read.
func (k Kind) GroupVersion() schema.GroupVersion {
	switch k {
	case KindService, KindNamespace:
		return corev1.SchemeGroupVersion
	case KindIngress:
		return ingressv1.SchemeGroupVersion
	case KindHTTPRoute:
		return schema.GroupVersion{Group: "gateway.networking.k8s.io", Version: "v1"}
	default:
		return networkingv1.SchemeGroupVersion
	}
}

// Kinds are all kinds that a snapshot is built from, in order.
func Kinds() []Kind {
	return []Kind{
		KindDestinationRule, KindGateway, KindHTTPRoute, KindIngress, KindNamespace,
		KindService, KindServiceEntry, KindSidecar, KindVirtualService,
	}
}

// revisionLabel says which istiod an object is for.
const revisionLabel = "istio.io/rev"
