package feed

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// source is a kind that the snapshot is built from, and how the API server is
// asked for it. Each is read in one version; the API server converts. A kind that
// the cluster does not serve is empty until it does.
type source struct {
	kind     mesh.Kind
	api      schema.GroupVersionKind
	resource string // its name in paths
	wide     bool   // not within namespaces
	bare     bool   // read as metadata, which is all that matters of it
}

// sources are all of them. A line here needs one in config/rbac, and one in
// config/webhook where changes of the kind are to be judged.
var sources = []source{
	istio(mesh.KindDestinationRule, "destinationrules"),
	istio(mesh.KindGateway, "gateways"),
	{kind: mesh.KindHTTPRoute, api: schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}, resource: "httproutes"},
	{kind: mesh.KindIngress, api: schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}, resource: "ingresses"},
	{kind: mesh.KindNamespace, api: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, resource: "namespaces", wide: true, bare: true},
	{kind: mesh.KindService, api: schema.GroupVersionKind{Version: "v1", Kind: "Service"}, resource: "services"},
	istio(mesh.KindServiceEntry, "serviceentries"),
	istio(mesh.KindSidecar, "sidecars"),
	istio(mesh.KindVirtualService, "virtualservices"),
}

func istio(kind mesh.Kind, resource string) source {
	return source{kind: kind, api: schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: string(kind)}, resource: resource}
}

// mapper knows the resources of the sources, and of Events. A client without it asks the API
// server, and does so again, while all who use it wait, for each list of a kind that the
// cluster does not serve.
func mapper() meta.RESTMapper {
	known := meta.NewDefaultRESTMapper(nil)
	add := func(api schema.GroupVersionKind, resource string, scope meta.RESTScope) {
		named := api.GroupVersion().WithResource(resource)
		known.AddSpecific(api, named, named, scope)
	}
	for _, s := range sources {
		scope := meta.RESTScopeNamespace
		if s.wide {
			scope = meta.RESTScopeRoot
		}
		add(s.api, s.resource, scope)
	}
	add(corev1.SchemeGroupVersion.WithKind("Event"), "events", meta.RESTScopeNamespace)
	return known
}

// sourceOf returns where the objects of a kind are from. It reports false for a
// kind that is not read.
func sourceOf(kind mesh.Kind) (source, bool) {
	for _, s := range sources {
		if s.kind == kind {
			return s, true
		}
	}
	return source{}, false
}

// list is an empty list of the kind. Objects are read without a schema, and one
// by one into what the mesh needs of them: a single object that we cannot read
// must not hide all the others.
func (s source) list() client.ObjectList {
	kind := s.api.GroupVersion().WithKind(s.api.Kind + "List")
	if s.bare {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind)
		return list
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind)
	return list
}

func (s source) object() client.Object {
	if s.bare {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(s.api)
		return object
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(s.api)
	return object
}
