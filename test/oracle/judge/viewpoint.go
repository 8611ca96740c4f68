package judge

import (
	"maps"
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// viewpoint is one of meshward's viewpoints with the proxies that it is about.
type viewpoint struct {
	mesh.Viewpoint
	proxies []world.Proxy
}

func (v viewpoint) holds(p world.Proxy) bool {
	return slices.ContainsFunc(v.proxies, p.Is)
}

// of are the proxies of a viewpoint with what istiod makes for them.
func (v viewpoint) of(c *Case) []*istiod.Proxy {
	var all []*istiod.Proxy
	for _, p := range c.Proxies {
		if v.holds(p.Proxy) {
			all = append(all, p)
		}
	}
	return all
}

// viewpoints are those that the proxies of a world stand for, in order.
func viewpoints(w *world.World, proxies []world.Proxy) []viewpoint {
	at := map[mesh.Viewpoint][]world.Proxy{}
	for _, p := range proxies {
		for _, v := range viewpointsOf(w, p) {
			at[v] = append(at[v], p)
		}
	}
	byName := func(a, b mesh.Viewpoint) int { return strings.Compare(a.String(), b.String()) }
	var all []viewpoint
	for _, v := range slices.SortedFunc(maps.Keys(at), byName) {
		all = append(all, viewpoint{Viewpoint: v, proxies: at[v]})
	}
	return all
}

// names reports whether a finding is told to a proxy: it names its viewpoint, or nobody.
func names(w *world.World, f *rule.Finding, p world.Proxy) bool {
	return f.Viewpoints.IsEmpty() || slices.ContainsFunc(viewpointsOf(w, p), f.Viewpoints.Has)
}

// viewpointsOf are the viewpoints that a proxy stands for: those of the workloadSelectors
// that pick a sidecar, or that of its namespace, and of each Gateway that a pod serves.
func viewpointsOf(w *world.World, p world.Proxy) []mesh.Viewpoint {
	if !p.Gateway {
		return selected(w, p)
	}
	var at []mesh.Viewpoint
	for _, gw := range world.All[*networkingv1.Gateway](w) {
		if p.Serves(gw) {
			at = append(at, mesh.Viewpoint{Gateway: gw.Namespace + "/" + gw.Name})
		}
	}
	return at
}

// selected are the viewpoints of a sidecar: one for each workloadSelector of a
// DestinationRule of its namespace that picks it, and without any that of its namespace.
func selected(w *world.World, p world.Proxy) []mesh.Viewpoint {
	var at []mesh.Viewpoint
	for _, dr := range world.All[*networkingv1.DestinationRule](w) {
		selector := dr.Spec.GetWorkloadSelector().GetMatchLabels()
		v := mesh.Viewpoint{Namespace: p.Namespace, Labels: labels.Set(selector).String()}
		if dr.Namespace == p.Namespace && len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels)) && !slices.Contains(at, v) {
			at = append(at, v)
		}
	}
	if len(at) == 0 {
		at = append(at, mesh.Viewpoint{Namespace: p.Namespace})
	}
	return at
}

// farFetched reports whether a fact is about a VirtualService at pods of which no Service
// says where they run, and that are there for the sake of other Gateways than its own.
func (c *Case) farFetched(f Fact) bool {
	if !f.Proxy.Gateway || f.Proxy.Known || f.At.Kind != "VirtualService" || f.Proxy.Namespace == world.Elsewhere || f.Proxy.Namespace == world.Root {
		return false
	}
	return !c.roots(f.At, func(vs *networkingv1.VirtualService) bool {
		return slices.ContainsFunc(istiod.Resolved(vs).GetGateways(), func(name string) bool { return strings.HasPrefix(name, f.Proxy.Namespace+"/") })
	})
}
