package feed

import (
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// kind is one resource that is watched.
type kind struct {
	name   mesh.Kind
	object func() client.Object
	list   func() client.ObjectList
}

// kinds are those that the snapshot is built from. Each is read in one version;
// the API server converts.
var kinds = []kind{
	{
		name:   mesh.KindDestinationRule,
		object: func() client.Object { return &networkingv1.DestinationRule{} },
		list:   func() client.ObjectList { return &networkingv1.DestinationRuleList{} },
	}, {
		name:   mesh.KindService,
		object: func() client.Object { return &corev1.Service{} },
		list:   func() client.ObjectList { return &corev1.ServiceList{} },
	}, {
		name:   mesh.KindServiceEntry,
		object: func() client.Object { return &networkingv1.ServiceEntry{} },
		list:   func() client.ObjectList { return &networkingv1.ServiceEntryList{} },
	}, {
		name:   mesh.KindVirtualService,
		object: func() client.Object { return &networkingv1.VirtualService{} },
		list:   func() client.ObjectList { return &networkingv1.VirtualServiceList{} },
	},
}

// namespaces are read as metadata only: whether one is being deleted is all
// that matters of it.
var namespaces = kind{
	name: "Namespace",
	object: func() client.Object {
		return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}}
	},
	list: func() client.ObjectList {
		return &metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}}
	},
}
