package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/test/oracle/envoy"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// rootOf is the VirtualService that a route is of, and whether it is of any: of one that
// delegates, not of its delegate.
func rootOf(r *routev3.Route) (world.Ref, bool) {
	origins := istiod.Origins(r.GetName())
	if len(origins) == 0 {
		return world.Ref{}, false
	}
	return origins[0].By, true
}

// hosts are the virtual hosts of a proxy, in their tables.
func hosts(p *istiod.Proxy) []envoy.Place {
	var all []envoy.Place
	for _, table := range p.Tables {
		for _, host := range table.GetVirtualHosts() {
			all = append(all, envoy.Place{Table: table, Host: host})
		}
	}
	return all
}

// sameHost is the virtual host of that name in the table of that name, of another output,
// or the one that has the name among its domains instead, as that of a Service has what
// stands for it [1.9]; without routes where there is none.
func sameHost(p *istiod.Proxy, as envoy.Place) envoy.Place {
	name, _, _ := strings.Cut(as.Host.GetName(), ":")
	is := []func(*routev3.VirtualHost) bool{
		func(host *routev3.VirtualHost) bool { return host.GetName() == as.Host.GetName() },
		func(host *routev3.VirtualHost) bool { return slices.Contains(host.GetDomains(), name) },
	}
	for _, same := range is {
		for _, place := range hosts(p) {
			if place.Table.GetName() == as.Table.GetName() && same(place.Host) {
				return place
			}
		}
	}
	return envoy.Place{Table: &routev3.RouteConfiguration{}, Host: &routev3.VirtualHost{}}
}

// taker is the route of a virtual host that a request takes.
func taker(host *routev3.VirtualHost, request envoy.Request) *routev3.Route {
	for _, r := range host.GetRoutes() {
		if envoy.Matches(r.GetMatch(), request) {
			return r
		}
	}
	return nil
}

// only is a virtual host with nothing but the routes of one VirtualService.
func only(host *routev3.VirtualHost, root world.Ref) *routev3.VirtualHost {
	var routes []*routev3.Route
	for _, r := range host.GetRoutes() {
		if of, is := rootOf(r); is && of == root {
			routes = append(routes, r)
		}
	}
	return &routev3.VirtualHost{Name: host.GetName(), Domains: host.GetDomains(), Routes: routes}
}

// roots are the VirtualServices that have routes in a virtual host.
func roots(host *routev3.VirtualHost) []world.Ref {
	var all []world.Ref
	for _, r := range host.GetRoutes() {
		if root, is := rootOf(r); is && !slices.Contains(all, root) {
			all = append(all, root)
		}
	}
	return all
}

// traded is the world in which two objects have each other's place by age, and all
// others keep theirs.
func traded[T world.Object](w *world.World, a, b world.Ref) *world.World {
	all := slices.Clone(world.All[T](w))
	slices.SortStableFunc(all, func(a, b T) int {
		return cmp.Or(
			a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time),
			cmp.Compare(a.GetName(), b.GetName()),
			cmp.Compare(a.GetNamespace(), b.GetNamespace()),
		)
	})
	at := func(ref world.Ref) int { return slices.IndexFunc(all, func(o T) bool { return world.RefOf(o) == ref }) }
	first, second := at(a), at(b)
	all[first], all[second] = all[second], all[first]
	for i, o := range all {
		older := world.Clone(o)
		older.SetCreationTimestamp(metav1.NewTime(time.Unix(int64(i), 0).UTC()))
		w = w.With(older)
	}
	return w
}

// trades are the worlds in which one VirtualService has the place of another by age, or
// a Gateway of the one that of a Gateway of the other.
func (c *Case) trades(p *istiod.Proxy, a, b world.Ref) []*world.World {
	worlds := []*world.World{traded[*networkingv1.VirtualService](c.World, a, b)}
	for _, first := range c.boundTo(p, a) {
		for _, second := range c.boundTo(p, b) {
			if first != second {
				worlds = append(worlds, traded[*networkingv1.Gateway](c.World, first, second))
			}
		}
	}
	return worlds
}

// boundTo are the Gateways by which the pods of a proxy are given a VirtualService.
func (c *Case) boundTo(p *istiod.Proxy, root world.Ref) []world.Ref {
	var all []world.Ref
	for _, merged := range c.Merged {
		if merged.Namespace != root.Namespace || merged.Name != root.Name {
			continue
		}
		for _, gw := range world.All[*networkingv1.Gateway](c.World) {
			names := merged.Spec.(*networking.VirtualService).GetGateways()
			if p.Serves(gw) && slices.Contains(names, gw.Namespace+"/"+gw.Name) {
				all = append(all, world.RefOf(gw))
			}
		}
	}
	return all
}

// instead is what a proxy of the case is sent in another world.
func (c *Case) instead(p *istiod.Proxy, w *world.World) *istiod.Proxy {
	return c.Instead(w).Proxies[slices.Index(c.Proxies, p)]
}

// atMatch is where a route is written: the match of a rule, or the rule where that has
// none or where the match is made of two.
func atMatch(name string) (world.Ref, string) {
	origins := istiod.Origins(name)
	last := origins[len(origins)-1]
	place := fmt.Sprintf("http[%d]", last.Rule)
	if _, match, has := strings.Cut(name, ".m"); has && len(origins) == 1 {
		place += ".match[" + match + "]"
	}
	return last.By, place
}

// unused reports whether nobody calls a virtual host.
func (c *Case) unused(p *istiod.Proxy, at envoy.Place) bool {
	return c.stray(p, &istiod.Route{Table: at.Table, Host: at.Host})
}

// refused reports whether no route of a virtual host is taken: all requests are told to
// come back over HTTPS, or Envoy does not accept the table.
func refused(at envoy.Place) bool {
	return at.Host.GetRequireTls() != routev3.VirtualHost_NONE || at.Table.ValidateAll() != nil
}

// open are unsettled facts about all that a virtual host could be told to have, where it
// has no routes that are taken: there is nothing to hold a finding against.
func (c *Case) open(p *istiod.Proxy, at envoy.Place, place func(domain string, d delivered) []string) []Fact {
	if !refused(at) {
		return nil
	}
	var facts []Fact
	for _, d := range c.delivered() {
		if !slices.Contains(roots(at.Host), d.root()) {
			continue
		}
		for _, domain := range at.Host.GetDomains() {
			for _, place := range place(domain, d) {
				facts = append(facts, Fact{At: d.leaf().By, Place: place, Proxy: p, Unsettled: true})
			}
		}
	}
	return facts
}
