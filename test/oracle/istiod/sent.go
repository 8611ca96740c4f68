package istiod

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pkg/wellknown"

	"github.com/meshward/meshward/test/oracle/world"
)

// Route is one route that a proxy has from a rule of a VirtualService.
type Route struct {
	*routev3.Route
	// Origins are the rule it came from, and then that of its delegate.
	Origins []Origin
	// Merged is the rule as istiod sees it, with its delegate in its place.
	Merged *networking.HTTPRoute
	Table  *routev3.RouteConfiguration
	Host   *routev3.VirtualHost
}

// Routes are the routes of a proxy that came from VirtualServices, in the order of its
// tables and virtual hosts.
func (o *Output) Routes(p *Proxy) []Route {
	var routes []Route
	for _, table := range p.Tables {
		for _, host := range table.GetVirtualHosts() {
			for _, r := range host.GetRoutes() {
				if origins := Origins(r.GetName()); len(origins) > 0 {
					routes = append(routes, Route{Route: r, Origins: origins, Merged: o.rule(r.GetName()), Table: table, Host: host})
				}
			}
		}
	}
	return routes
}

// rule is the rule of a merged VirtualService that a route is named after: its own name,
// a dot, and the name of a match.
func (o *Output) rule(name string) *networking.HTTPRoute {
	name, _, _ = strings.Cut(name, ".m")
	for _, vs := range o.Merged {
		for _, http := range vs.Spec.(*networking.VirtualService).GetHttp() {
			if http.GetName() == name {
				return http
			}
		}
	}
	return nil
}

// Port is the port on which a route is called: sidecars have it at the end of the virtual
// host's name, gateways behind the first dot of the table's: "https.443.name.gateway.ns".
func (r *Route) Port() int {
	text := r.Host.GetName()[strings.LastIndex(r.Host.GetName(), ":")+1:]
	if parts := strings.Split(r.Table.GetName(), "."); parts[0] == "http" || parts[0] == "https" {
		text = parts[1]
	}
	port, _ := strconv.Atoi(text)
	return port
}

// Sent is one destination of a route, as a proxy is told of it.
type Sent struct {
	// At and Place are where the destination is written: "http[0].route[1]".
	At    world.Ref
	Place string
	// To is the destination with its host in full.
	To      *networking.Destination
	Mirror  bool
	Cluster string // empty for what istiod leaves out, since it has no weight
	// Redirected is true where every request is sent to HTTPS instead.
	Redirected bool
	// Assumed is true for a route of a host that is no Service to a sidecar, so that
	// nobody knows on which port it is called.
	Assumed bool
	// Borrowed is true for a route of an ExternalName that a sidecar has for the sake of
	// some other Service's port.
	Borrowed bool
}

// Sent are the destinations of a route, its mirrors behind the others.
func (r *Route) Sent() []Sent {
	action := r.GetRoute()
	if action == nil || r.Merged == nil {
		return nil
	}
	clusters := []string{action.GetCluster()}
	if weighted := action.GetWeightedClusters(); weighted != nil {
		clusters = nil
		for _, c := range weighted.GetClusters() {
			clusters = append(clusters, c.GetName())
		}
	}
	last := r.Origins[len(r.Origins)-1]
	var sent []Sent
	for i, to := range r.Merged.GetRoute() {
		cluster := ""
		if len(clusters) > 0 && (len(r.Merged.GetRoute()) == 1 || to.GetWeight() > 0) {
			cluster, clusters = clusters[0], clusters[1:]
		}
		place := fmt.Sprintf("http[%d].route[%d]", last.Rule, i)
		sent = append(sent, Sent{At: last.By, Place: place, To: to.GetDestination(), Mirror: false, Cluster: cluster})
	}
	return append(sent, r.mirrored()...)
}

// mirrored are the mirrors of a route, but for those that get nothing. They stand at the
// rule that the route came from last, though a root may have given them to it [4.10].
func (r *Route) mirrored() []Sent {
	var sent []Sent
	at := r.Origins[len(r.Origins)-1]
	policies := r.GetRoute().GetRequestMirrorPolicies()
	add := func(place string, to *networking.Destination, percent *networking.Percent) {
		if len(policies) > 0 && (percent == nil || percent.GetValue() > 0) {
			sent = append(sent, Sent{At: at.By, Place: fmt.Sprintf("http[%d].%s", at.Rule, place), To: to, Mirror: true, Cluster: policies[0].GetCluster()})
			policies = policies[1:]
		}
	}
	if mirror := r.Merged.GetMirror(); mirror != nil {
		add("mirror", mirror, r.Merged.GetMirrorPercentage())
	}
	for i, mirror := range r.Merged.GetMirrors() {
		add(fmt.Sprintf("mirrors[%d]", i), mirror.GetDestination(), mirror.GetPercentage())
	}
	return sent
}

// Chain is one filter chain that hands connections on.
type Chain struct {
	*listenerv3.FilterChain
	Listener *listenerv3.Listener
	// By is the VirtualService it came from, where istiod says so: to sidecars.
	By       world.Ref
	Clusters []string
}

// Chains are the filter chains of a proxy that hand connections on.
func (p *Proxy) Chains() []Chain {
	var chains []Chain
	for _, l := range p.Listeners {
		for _, chain := range slices.Concat(l.GetFilterChains(), []*listenerv3.FilterChain{l.GetDefaultFilterChain()}) {
			for _, filter := range chain.GetFilters() {
				if filter.GetName() != wellknown.TCPProxy {
					continue
				}
				by, _ := source(chain.GetMetadata(), "VirtualService", "virtual-service")
				proxy := &tcpproxyv3.TcpProxy{}
				if err := filter.GetTypedConfig().UnmarshalTo(proxy); err != nil {
					panic(err) // istiod wrote it
				}
				chains = append(chains, Chain{FilterChain: chain, Listener: l, By: by, Clusters: clustersOf(proxy)})
			}
		}
	}
	return chains
}

func clustersOf(proxy *tcpproxyv3.TcpProxy) []string {
	if weighted := proxy.GetWeightedClusters(); weighted != nil {
		var names []string
		for _, c := range weighted.GetClusters() {
			names = append(names, c.GetName())
		}
		return names
	}
	return []string{proxy.GetCluster()}
}
