package judge

import (
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// portsOf are the ports of the Service of a host as a sidecar calls it: of the one that it
// is given, that is hidden in its own namespace [2.2], or that it sees but for a Sidecar.
func (c *Case) portsOf(p *istiod.Proxy, host string) map[int]bool {
	imports := c.sidecared(p)
	if ports, given := p.Ports[host]; given && p.Services[host] != p.Namespace && !imports {
		return ports
	}
	return c.declaredBy(host, func(o world.Object) bool { return o.GetNamespace() == p.Namespace || imports && sees(p.Namespace, o) })
}

// sidecared reports whether a Sidecar may say what a proxy imports.
func (c *Case) sidecared(p *istiod.Proxy) bool {
	return slices.ContainsFunc(world.All[*networkingv1.Sidecar](c.World), func(s *networkingv1.Sidecar) bool {
		return s.Namespace == p.Namespace || s.Namespace == world.Root
	})
}

// hides reports whether the namespace of a sidecar declares a host and hides it from
// itself.
func (c *Case) hides(p *istiod.Proxy, host string) bool {
	return c.declaredBy(host, func(o world.Object) bool { return o.GetNamespace() == p.Namespace && !sees(p.Namespace, o) }) != nil
}

// sees reports whether an object is exported to a namespace.
func sees(namespace string, o world.Object) bool {
	exportTo := world.ExportTo(o)
	return strings.Join(exportTo, "") == "" || slices.ContainsFunc(exportTo, func(name string) bool {
		name = strings.TrimSpace(name)
		return name == "*" || name == namespace || name == "." && o.GetNamespace() == namespace
	})
}

// declaredBy are the ports of those declarations of a host that count; nil without any.
func (c *Case) declaredBy(host string, counts func(world.Object) bool) map[int]bool {
	var ports map[int]bool
	add := func(number int) {
		if ports == nil {
			ports = map[int]bool{}
		}
		ports[number] = true
	}
	for _, service := range world.All[*corev1.Service](c.World) {
		if counts(service) && hostOf(service) == host {
			for _, port := range service.Spec.Ports {
				add(int(port.Port))
			}
		}
	}
	for _, entry := range world.All[*networkingv1.ServiceEntry](c.World) {
		if counts(entry) && slices.Contains(entry.Spec.GetHosts(), host) {
			for _, port := range entry.Spec.GetPorts() {
				add(int(port.GetNumber()))
			}
		}
	}
	return ports
}

// borrowed reports whether a sidecar has a route of an ExternalName in a table in which what
// that stands for is not: by whatever other Service has HTTP on the port, which is, as on
// port 80, for nobody to look for. So it is for a name that no Service has, or only one that
// hides itself, on any port but 80, where another host of the VirtualService has the port.
func (c *Case) borrowed(p *istiod.Proxy, route *istiod.Route) bool {
	host, _, _ := strings.Cut(route.Host.GetName(), ":")
	if p.Gateway || route.Port() == 80 {
		return false
	}
	target := c.aliasOf(host)
	if target == "" {
		return len(c.portsOf(p, host)) == 0 || c.hides(p, host)
	}
	return !c.portsOf(p, target)[route.Port()] || !slices.ContainsFunc(route.Table.GetVirtualHosts(), func(of *routev3.VirtualHost) bool {
		return of.GetName() == target+":"+strconv.Itoa(route.Port())
	})
}
