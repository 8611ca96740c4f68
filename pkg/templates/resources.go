package templates

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// resourceAnnotations are where a pod says what its proxy may use.
var resourceAnnotations = []struct{ name, request, limit string }{
	{"cpu", "sidecar.istio.io/proxyCPU", "sidecar.istio.io/proxyCPULimit"},
	{"memory", "sidecar.istio.io/proxyMemory", "sidecar.istio.io/proxyMemoryLimit"},
}

// proxyResources returns the resources of the proxy as JSON: the given ones, and
// over them what the pod's annotations say, each for the one resource that it
// names.
//
// Kubernetes refuses a request above its limit. Where the annotation sets one of
// the two only, the other gives way.
func proxyResources(meta *metav1.ObjectMeta, resources any) (string, error) {
	given, _ := omitNil(resources).(map[string]any)
	if given == nil {
		given = map[string]any{}
	}
	if !speaksOfResources(meta) {
		return literal(given)
	}
	requests, limits := copied(given["requests"]), copied(given["limits"])
	for _, one := range resourceAnnotations {
		request, hasRequest := meta.Annotations[one.request]
		limit, hasLimit := meta.Annotations[one.limit]
		if hasRequest {
			requests[one.name] = request
		}
		if hasLimit {
			limits[one.name] = limit
		}
		switch {
		case hasRequest == hasLimit || !exceeds(requests[one.name], limits[one.name]):
		case hasRequest:
			limits[one.name] = request
		default:
			requests[one.name] = limit
		}
	}
	given = maps.Clone(given)
	place(given, "requests", requests)
	place(given, "limits", limits)
	return literal(given)
}

func speaksOfResources(meta *metav1.ObjectMeta) bool {
	if meta == nil {
		return false
	}
	for _, one := range resourceAnnotations {
		if isset(meta.Annotations, one.request) || isset(meta.Annotations, one.limit) {
			return true
		}
	}
	return false
}

func copied(object any) map[string]any {
	known, _ := object.(map[string]any)
	result := make(map[string]any, len(known)+2)
	maps.Copy(result, known)
	return result
}

func place(in map[string]any, key string, object map[string]any) {
	if len(object) > 0 {
		in[key] = object
	}
}

// exceeds reports whether both are quantities, and the first is the greater.
func exceeds(request, limit any) bool {
	if request == nil || limit == nil {
		return false
	}
	asked, err := resource.ParseQuantity(fmt.Sprint(request))
	if err != nil {
		return false
	}
	allowed, err := resource.ParseQuantity(fmt.Sprint(limit))
	return err == nil && asked.Cmp(allowed) > 0
}
