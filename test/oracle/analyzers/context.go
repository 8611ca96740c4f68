package analyzers

import (
	"fmt"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/analysis"
	"istio.io/istio/pkg/config/analysis/analyzers/util"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/legacy/source/kube"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/resource"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/gvk"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// context is a world as analyzers read it. Istio's own context reads from a cluster or
// from files, which would take longer than all analyzers together.
type context struct {
	objects  map[config.GroupVersionKind][]*resource.Instance
	reported []diag.Message
}

// newContext hands a world over, with what a cluster has besides: the settings of the
// mesh, and a pod for each gateway, so that nothing is reported for want of it.
func newContext(w *world.World) *context {
	c := &context{objects: map[config.GroupVersionKind][]*resource.Instance{}, reported: nil}
	c.add(gvk.MeshConfig, &metav1.ObjectMeta{Namespace: world.Root, Name: util.MeshConfigName}, mesh.DefaultMeshConfig())
	for i, p := range w.Proxies() {
		if p.Gateway {
			pod := metav1.ObjectMeta{Namespace: p.Namespace, Name: fmt.Sprintf("gateway-%d", i), Labels: p.Labels}
			c.add(gvk.Pod, &pod, &corev1.PodSpec{})
		}
	}
	for _, o := range w.Objects {
		switch object := world.Clone(o).(type) { // analyzers write into what they read
		case *corev1.Namespace:
			c.add(gvk.Namespace, object, &object.Spec)
		case *corev1.Service:
			c.add(gvk.Service, object, &object.Spec)
		case *networkingv1.VirtualService:
			c.add(gvk.VirtualService, object, &object.Spec)
		case *networkingv1.DestinationRule:
			c.add(gvk.DestinationRule, object, &object.Spec)
		case *networkingv1.Gateway:
			c.add(gvk.Gateway, object, &object.Spec)
		case *networkingv1.ServiceEntry:
			c.add(gvk.ServiceEntry, object, &object.Spec)
		case *networkingv1.Sidecar:
			c.add(gvk.Sidecar, object, &object.Spec)
		}
	}
	return c
}

func (c *context) add(kind config.GroupVersionKind, o metav1.Object, spec config.Spec) {
	schema, _ := collections.All.FindByGroupVersionKind(kind)
	name := resource.FullName{Namespace: resource.Namespace(o.GetNamespace()), Name: resource.LocalName(o.GetName())}
	c.objects[kind] = append(c.objects[kind], &resource.Instance{
		Metadata: resource.Metadata{
			Schema:      schema,
			FullName:    name,
			CreateTime:  o.GetCreationTimestamp().Time,
			Labels:      o.GetLabels(),
			Annotations: o.GetAnnotations(),
		},
		Message: spec,
		Origin:  &kube.Origin{Type: kind, FullName: name},
	})
}

// Report keeps a message.
func (c *context) Report(_ config.GroupVersionKind, m diag.Message) {
	c.reported = append(c.reported, m)
}

// Find returns an object, or nil.
func (c *context) Find(kind config.GroupVersionKind, name resource.FullName) *resource.Instance {
	at := slices.IndexFunc(c.objects[kind], func(o *resource.Instance) bool { return o.Metadata.FullName == name })
	if at < 0 {
		return nil
	}
	return c.objects[kind][at]
}

// Exists reports whether there is an object.
func (c *context) Exists(kind config.GroupVersionKind, name resource.FullName) bool {
	return c.Find(kind, name) != nil
}

// ForEach calls with all objects of a kind, until it is told to stop.
func (c *context) ForEach(kind config.GroupVersionKind, look analysis.IteratorFn) {
	for _, o := range c.objects[kind] {
		if !look(o) {
			return
		}
	}
}

// Canceled reports that nobody gave up waiting.
func (c *context) Canceled() bool { return false }

// SetAnalyzer is told whose messages come next, which nobody here asks for.
func (c *context) SetAnalyzer(string) {}
