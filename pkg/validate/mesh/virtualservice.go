package mesh

import (
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// meshGateway is the reserved gateway name that stands for every sidecar [4.1].
const meshGateway = "mesh"

// Section is a list of routes of a VirtualService.
type Section string

// The sections of a VirtualService by the names of their fields.
const (
	SectionHTTP Section = "http"
	SectionTLS  Section = "tls"
	SectionTCP  Section = "tcp"
)

// Target is one destination of one route: a VirtualService that sends traffic
// to a host.
type Target struct {
	By      *Object
	Host    string
	Subset  string
	Section Section
	// Route and Destination are the places in the two lists, from 0.
	Route, Destination int
	// Weight of Total is the share of the route's traffic that goes here; both
	// are 1 where the route has a single destination.
	Weight, Total int64
	// Reach is who is given the route.
	Reach Reach
	// Labeled is true where sourceLabels leave out some of them.
	Labeled bool
}

// Rule is the field path of the route that the target belongs to, without "spec.".
func (t *Target) Rule() string {
	return string(t.Section) + "[" + strconv.Itoa(t.Route) + "]"
}

// Path is the field path of the destination.
func (t *Target) Path() string {
	return "spec." + t.Rule() + ".route[" + strconv.Itoa(t.Destination) + "].destination"
}

// Reach is who is given a route: the sidecars of some namespaces, and the pods
// of some gateways. A gateway is named by the "namespace/name" of its Gateway.
type Reach struct {
	Sidecars Namespaces
	Gateways []string // sorted
}

// virtualService is what a VirtualService object says.
type virtualService struct {
	// delegate is true where it has no hosts: such an object routes nothing by
	// itself [4.10].
	delegate bool
	gateways []string
	exportTo []string
	routes   []route
}

// route is one entry of a section.
type route struct {
	section      Section
	index        int
	matches      []match
	destinations []destination
	// delegates is true where another VirtualService routes on: its matches may
	// leave requests to the routes after this one [4.10].
	delegates bool
}

// match is the part of a match that decides who is given the route, which is
// settled when istiod builds the configuration [4.5].
type match struct {
	gateways        []string
	sourceNamespace string
	// labeled and ported are true where the match leaves out some clients of the
	// namespaces and gateways it names: by their labels, or by the port they call.
	labeled, ported bool
	// everything is true where, for a client that is given the route, it
	// matches every request, so that no later route can be reached [4.6].
	everything bool
}

type destination struct {
	host, subset string
	weight       int64
}

func newVirtualService(spec *networking.VirtualService) *virtualService {
	said := &virtualService{
		delegate: len(spec.GetHosts()) == 0,
		gateways: spec.GetGateways(),
		exportTo: spec.GetExportTo(),
	}
	for i, http := range spec.GetHttp() {
		r := route{section: SectionHTTP, index: i, delegates: http.GetDelegate() != nil}
		for _, m := range http.GetMatch() {
			r.matches = append(r.matches, httpMatch(m))
		}
		if http.GetRedirect() == nil && http.GetDirectResponse() == nil { // they answer instead
			for _, d := range http.GetRoute() {
				r.destinations = append(r.destinations, newDestination(d.GetDestination(), d.GetWeight()))
			}
		}
		said.routes = append(said.routes, r)
	}
	for i, tls := range spec.GetTls() {
		r := route{section: SectionTLS, index: i, destinations: routeDestinations(tls.GetRoute())}
		for _, m := range tls.GetMatch() {
			r.matches = append(r.matches, tlsMatch(m))
		}
		said.routes = append(said.routes, r)
	}
	for i, tcp := range spec.GetTcp() {
		r := route{section: SectionTCP, index: i, destinations: routeDestinations(tcp.GetRoute())}
		for _, m := range tcp.GetMatch() {
			r.matches = append(r.matches, tcpMatch(m))
		}
		said.routes = append(said.routes, r)
	}
	return said
}

func routeDestinations(from []*networking.RouteDestination) []destination {
	list := make([]destination, 0, len(from))
	for _, d := range from {
		list = append(list, newDestination(d.GetDestination(), d.GetWeight()))
	}
	return list
}

func newDestination(d *networking.Destination, weight int32) destination {
	return destination{host: d.GetHost(), subset: d.GetSubset(), weight: int64(weight)}
}

func httpMatch(m *networking.HTTPMatchRequest) match {
	conditions := len(m.GetHeaders()) + len(m.GetWithoutHeaders()) + len(m.GetQueryParams())
	if m.GetMethod() != nil || m.GetAuthority() != nil || m.GetScheme() != nil {
		conditions++
	}
	return match{
		gateways:        m.GetGateways(),
		sourceNamespace: m.GetSourceNamespace(),
		// A match that names its gateways says nothing about the source [4.5].
		labeled:    len(m.GetSourceLabels()) > 0 && len(m.GetGateways()) == 0,
		ported:     m.GetPort() != 0,
		everything: conditions == 0 && everyPath(m.GetUri()),
	}
}

// everyPath reports whether a path condition is one that istiod takes for a
// catch-all. The empty prefix is not, although it matches every path [4.6].
func everyPath(uri *networking.StringMatch) bool {
	switch path := uri.GetMatchType().(type) {
	case nil:
		return true
	case *networking.StringMatch_Prefix:
		return path.Prefix == "/"
	case *networking.StringMatch_Regex:
		return path.Regex == ".*"
	default:
		return false
	}
}

func tlsMatch(m *networking.TLSMatchAttributes) match {
	return match{
		gateways:        m.GetGateways(),
		sourceNamespace: m.GetSourceNamespace(),
		labeled:         len(m.GetSourceLabels()) > 0,
		ported:          m.GetPort() != 0,
	}
}

func tcpMatch(m *networking.L4MatchAttributes) match {
	return match{
		gateways:        m.GetGateways(),
		sourceNamespace: m.GetSourceNamespace(),
		labeled:         len(m.GetSourceLabels()) > 0,
		ported:          m.GetPort() != 0,
		everything:      len(m.GetDestinationSubnets()) == 0,
	}
}

func (v *virtualService) assert(by *Object, cfg *Config, to facts) {
	if v.delegate {
		return
	}
	seen := exportedTo(v.exportTo, by.Namespace, cfg.DefaultVirtualServiceExportTo)
	bound := v.bound(by.Namespace, seen)
	taken := map[Section]Reach{}
	for i := range v.routes {
		r := &v.routes[i]
		given, all := r.reach(bound, by.Namespace)
		given = given.minus(taken[r.section])
		taken[r.section] = taken[r.section].or(all)
		r.target(by, cfg, given, to)
	}
}

// bound is who the VirtualService as a whole is given to: the sidecars or the
// gateways that it binds to, as far as they can see it. A gateway sees what its
// pods' namespace sees, which is taken to be the Gateway's own [2.3, 4.1].
func (v *virtualService) bound(own string, seen Namespaces) Reach {
	if len(v.gateways) == 0 {
		return Reach{Sidecars: seen}
	}
	var bound Reach
	for _, name := range v.gateways {
		if name == meshGateway {
			bound.Sidecars = seen
			continue
		}
		gateway := gatewayName(name, own)
		if namespace, _, _ := strings.Cut(gateway, "/"); seen.Has(namespace) {
			bound.Gateways = append(bound.Gateways, gateway)
		}
	}
	slices.Sort(bound.Gateways)
	bound.Gateways = slices.Compact(bound.Gateways)
	return bound
}

// gatewayName resolves the name of a gateway as an object of namespace own
// writes it to "namespace/name" [4.1].
func gatewayName(name, own string) string {
	if namespace, rest, qualified := strings.Cut(name, "/"); qualified {
		if namespace == "." {
			namespace = own
		}
		return namespace + "/" + rest
	}
	if short, rest, dotted := strings.Cut(name, "."); dotted {
		namespace, _, _ := strings.Cut(rest, ".")
		return namespace + "/" + short
	}
	return own + "/" + name
}

// reach narrows who the VirtualService is given to down to who is given the
// route, and says for whom it leaves nothing to the routes after it.
func (r *route) reach(bound Reach, own string) (given, all Reach) {
	if len(r.matches) == 0 && r.delegates {
		return bound, Reach{}
	}
	if len(r.matches) == 0 {
		return bound, bound
	}
	for i := range r.matches {
		m := &r.matches[i]
		reach := m.reach(r.section, bound, own)
		given = given.or(reach)
		if m.everything && !m.labeled && !m.ported && !r.delegates {
			all = all.or(reach)
		}
	}
	return given, all
}

func (m *match) reach(section Section, bound Reach, own string) Reach {
	reach := bound
	if len(m.gateways) > 0 {
		named := make([]string, 0, len(m.gateways))
		for _, name := range m.gateways {
			named = append(named, gatewayName(name, own))
		}
		reach.Gateways = slices.DeleteFunc(slices.Clone(bound.Gateways), func(gateway string) bool {
			return !slices.Contains(named, gateway)
		})
		if !slices.Contains(m.gateways, meshGateway) {
			reach.Sidecars = Namespaces{}
		}
	}
	// An HTTP match that names its gateways says nothing about the source, nor
	// does a TCP or TLS match on a gateway [4.5].
	if m.sourceNamespace == "" || (section == SectionHTTP && len(m.gateways) > 0) {
		return reach
	}
	reach.Sidecars = reach.Sidecars.And(OnlyNamespaces(m.sourceNamespace))
	if section == SectionHTTP {
		reach.Gateways = slices.DeleteFunc(slices.Clone(reach.Gateways), func(gateway string) bool {
			return !strings.HasPrefix(gateway, m.sourceNamespace+"/")
		})
	}
	return reach
}

func (r *route) target(by *Object, cfg *Config, given Reach, to facts) {
	total := int64(0)
	for _, d := range r.destinations {
		total += d.weight
	}
	for i, d := range r.destinations {
		target := &Target{
			By:          by,
			Host:        Resolve(d.host, by.Namespace, cfg.Domain),
			Subset:      d.subset,
			Section:     r.section,
			Route:       r.index,
			Destination: i,
			Weight:      d.weight,
			Total:       total,
			Reach:       given,
			Labeled:     slices.ContainsFunc(r.matches, func(m match) bool { return m.labeled }),
		}
		if len(r.destinations) == 1 {
			target.Weight, target.Total = 1, 1
		}
		to.target(target)
	}
}

func (r Reach) or(o Reach) Reach {
	return Reach{Sidecars: r.Sidecars.Or(o.Sidecars), Gateways: merged(r.Gateways, o.Gateways)}
}

func (r Reach) minus(o Reach) Reach {
	gateways := r.Gateways
	if len(o.Gateways) > 0 {
		gateways = slices.DeleteFunc(slices.Clone(gateways), func(gateway string) bool {
			return slices.Contains(o.Gateways, gateway)
		})
	}
	return Reach{Sidecars: r.Sidecars.Minus(o.Sidecars), Gateways: gateways}
}

func (v *virtualService) same(o assertions) bool {
	other, ok := o.(*virtualService)
	return ok && v.delegate == other.delegate &&
		slices.Equal(v.gateways, other.gateways) &&
		slices.Equal(v.exportTo, other.exportTo) &&
		slices.EqualFunc(v.routes, other.routes, route.same)
}

func (r route) same(o route) bool {
	return r.section == o.section && r.index == o.index && r.delegates == o.delegates &&
		slices.EqualFunc(r.matches, o.matches, match.same) &&
		slices.Equal(r.destinations, o.destinations)
}

func (m match) same(o match) bool {
	return m.sourceNamespace == o.sourceNamespace && m.labeled == o.labeled && m.ported == o.ported && m.everything == o.everything &&
		slices.Equal(m.gateways, o.gateways)
}
