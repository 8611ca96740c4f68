package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// MixedRouteAPIs finds hosts that a VirtualService routes as well as an HTTPRoute of
// the Gateway API or an Ingress, at the same proxies [4.3, 4.7].
var MixedRouteAPIs = &rule.Rule{
	Name:     "mixed-route-apis",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      mixedRouteAPIs,
	Doc: rule.Doc{
		Title: "One host is routed by a VirtualService and by an HTTPRoute or an Ingress",
		Why: `istiod makes VirtualServices of its own from HTTPRoutes of the Gateway API and from
Ingresses of the class ` + "`istio`" + `, and treats them as any other.

- On the **mesh**, where an HTTPRoute is attached to a Service, only one of the two is
  used: the one that comes first for the client, mostly the older.
- At a **gateway** the routes of both go into one virtual host, one object after the
  other by age, with what matches everything at the end. So a route of one can hide
  those of the other, and to create an object anew changes which.

Ingresses are served by the pods with the label ` + "`istio: ingressgateway`" + `, unless
the mesh config says otherwise; a Gateway that selects these pods shares its hosts with
them.`,
		Fix: `- Keep one kind of object for the host, and carry the routes of the other over.
- While migrating, give the new one a host of its own until the old one is gone.`,
		See: nil, // no other tool looks at this
	},
}

// ingressPods is the label of the pods that serve Ingresses.
const ingressPods = "istio=ingressgateway"

func mixedRouteAPIs(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	attached := p.Mesh.Attached(host.Name)
	if len(attached) == 0 {
		return
	}
	for _, v := range p.Mesh.Claiming(host.Name) {
		for _, other := range attached {
			if shared := sharedBy(p.Mesh, v, other, host.Name); !shared.IsEmpty() {
				p.Report(mixedFinding(host, v, other, shared))
			}
		}
	}
}

// sharedBy returns the viewpoints that are given routes of both for the host.
func sharedBy(view *mesh.View, v *mesh.VirtualService, other *mesh.APIRoute, host string) mesh.Viewpoints {
	var shared mesh.Viewpoints
	for _, d := range view.Deliveries(v) {
		if d.Route.Section != mesh.SectionHTTP {
			continue
		}
		if other.Mesh && v.Mesh {
			shared = shared.Or(view.Importing(v, d.Reach.Sidecars.And(servedTo(view, other, host))))
		}
		for _, pods := range d.Reach.Gateways {
			gateway := view.Gateway(pods.Gateway)
			if other.On(pods.Gateway) || servesIngress(gateway, v, other, host) {
				shared.Set(mesh.Viewpoint{Gateway: pods.Gateway}, true)
			}
		}
	}
	return shared
}

// servedTo returns the namespaces whose sidecars are given an HTTPRoute for a
// Service: all, where it is in the namespace of the Service, else its own only.
func servedTo(view *mesh.View, other *mesh.APIRoute, host string) mesh.Namespaces {
	name, isService := strings.CutSuffix(host, ".svc."+view.Config().Domain)
	switch {
	case !isService: // a name that it has at a gateway
		return mesh.Namespaces{}
	case strings.HasSuffix(name, "."+other.By.Namespace):
		return mesh.AllNamespaces()
	default:
		return mesh.OnlyNamespaces(other.By.Namespace)
	}
}

// servesIngress reports whether the pods of a Gateway serve an Ingress under the
// host that a VirtualService has there.
func servesIngress(gateway *mesh.Gateway, v *mesh.VirtualService, other *mesh.APIRoute, host string) bool {
	if gateway == nil || other.By.Kind != mesh.KindIngress {
		return false
	}
	if gateway.Selector != "" && !slices.Contains(strings.Split(gateway.Selector, ","), ingressPods) {
		return false
	}
	return slices.ContainsFunc(gateway.Servers, func(s *mesh.Server) bool {
		_, served, ok := s.Admits(host, v.By.Namespace)
		return ok && served == strings.ToLower(host) && s.Section() == mesh.SectionHTTP
	})
}

func mixedFinding(host *mesh.Host, v *mesh.VirtualService, other *mesh.APIRoute, shared mesh.Viewpoints) rule.Finding {
	later, earlier, path := v.By, other.By, "spec.hosts"
	if older, _ := v.By.Older(other.By); older {
		later, earlier, path = other.By, v.By, pathOf(other)
	}
	return rule.Finding{
		Object:     later,
		Path:       path,
		About:      host.Name,
		Message:    fmt.Sprintf("host %s, which %s routes as well", host.Name, earlier),
		Viewpoints: shared,
		Effect:     "which routes are used depends on the ages of the two objects",
		Fix:        fmt.Sprintf("keep one kind of object for the host: carry the routes of %s over to the other", later),
		OtherFix:   fmt.Sprintf("keep one kind of object for the host: carry the routes of %s over to the other", earlier),
		Related:    []rule.Related{{Object: earlier}},
		RestsOn:    host.RestsOn(shared, later.Namespace, earlier.Namespace),
	}
}

// pathOf is the field that says for which host an HTTPRoute or Ingress is.
func pathOf(other *mesh.APIRoute) string {
	switch {
	case other.By.Kind == mesh.KindIngress:
		return "spec.rules"
	case other.Mesh:
		return "spec.parentRefs"
	default:
		return "spec.hostnames"
	}
}
