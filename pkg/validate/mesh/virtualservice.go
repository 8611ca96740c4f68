package mesh

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
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

// VirtualService is what a VirtualService object says, with all names in it
// resolved. One without hosts is a delegate: it routes nothing by itself [4.10].
type VirtualService struct {
	By    *Object
	Hosts []string
	// Mesh is true where it is bound to the sidecars.
	Mesh bool
	// Gateways are the Gateways that it is bound to, as "namespace/name".
	Gateways []string
	// Seen are the namespaces whose proxies are given it.
	Seen   Namespaces
	Routes []*Route

	// written are the hosts in the letters in which they are written.
	written []string
}

// Name is the "namespace/name" of the VirtualService.
func (v *VirtualService) Name() string { return v.By.Key() }

// Delegate reports whether it can only be delegated to.
func (v *VirtualService) Delegate() bool { return len(v.Hosts) == 0 }

// Route is one entry of a section.
type Route struct {
	Section      Section
	Index        int // in its section, from 0
	Matches      []*Match
	Destinations []*Destination
	Mirrors      []*Destination
	// Answers is true for a redirect or a direct response: nothing is sent on.
	Answers bool
	// Delegate is the "namespace/name" of the VirtualService that routes on [4.10].
	Delegate string
	// Acts is what the route does beside sending traffic on, for comparison:
	// equal for two routes that treat requests alike.
	Acts string
}

// Field is the field path of the route, without "spec.".
func (r *Route) Field() string {
	return string(r.Section) + "[" + strconv.Itoa(r.Index) + "]"
}

// Destination is one destination of a route.
type Destination struct {
	Host   string
	Subset string
	// Port is 0 where none is named.
	Port uint32
	// Weight is the share of the traffic, as written.
	Weight int64
	// Field is the field path of the destination within its route.
	Field string
}

// virtualService is what a VirtualService object says, as it is written.
type virtualService struct {
	hosts    []string
	gateways []string
	exportTo []string
	routes   []*Route
}

func newVirtualService(spec *networking.VirtualService) *virtualService {
	said := &virtualService{hosts: spec.GetHosts(), gateways: spec.GetGateways(), exportTo: spec.GetExportTo()}
	for i, http := range spec.GetHttp() {
		said.routes = append(said.routes, httpRoute(i, http))
	}
	for i, tls := range spec.GetTls() {
		r := &Route{Section: SectionTLS, Index: i, Destinations: routeDestinations(tls.GetRoute())}
		for _, m := range tls.GetMatch() {
			r.Matches = append(r.Matches, tlsMatch(m))
		}
		said.routes = append(said.routes, r)
	}
	for i, tcp := range spec.GetTcp() {
		r := &Route{Section: SectionTCP, Index: i, Destinations: routeDestinations(tcp.GetRoute())}
		for _, m := range tcp.GetMatch() {
			r.Matches = append(r.Matches, tcpMatch(m))
		}
		said.routes = append(said.routes, r)
	}
	return said
}

func httpRoute(index int, http *networking.HTTPRoute) *Route {
	r := &Route{
		Section: SectionHTTP,
		Index:   index,
		Answers: http.GetRedirect() != nil || http.GetDirectResponse() != nil,
		Acts:    acts(http),
	}
	if d := http.GetDelegate(); d != nil {
		r.Delegate = d.GetNamespace() + "/" + d.GetName()
	}
	for _, m := range http.GetMatch() {
		r.Matches = append(r.Matches, httpMatch(m))
	}
	if r.Answers {
		return r
	}
	for i, d := range http.GetRoute() {
		r.Destinations = append(r.Destinations, newDestination(d.GetDestination(), d.GetWeight(), "route["+strconv.Itoa(i)+"].destination"))
	}
	if d := http.GetMirror(); d != nil {
		r.Mirrors = append(r.Mirrors, newDestination(d, 0, "mirror"))
	}
	for i, d := range http.GetMirrors() {
		r.Mirrors = append(r.Mirrors, newDestination(d.GetDestination(), 0, "mirrors["+strconv.Itoa(i)+"].destination"))
	}
	return r
}

// acts is all of a route that decides what happens to a request, but for its name
// and its matches.
func acts(http *networking.HTTPRoute) string {
	if !actsAtAll(http) { // as with most, which costs no copy
		return ""
	}
	bare := http.DeepCopy()
	bare.Name, bare.Match, bare.Route, bare.Delegate = "", nil, nil, nil
	text, err := bare.MarshalJSON()
	if err != nil {
		return err.Error() // nothing that was read from JSON gets here
	}
	return string(text)
}

// actsAtAll reports whether the route has anything that acts tells of.
func actsAtAll(http *networking.HTTPRoute) bool {
	acts := false
	http.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		switch field.Name() {
		case "name", "match", "route", "delegate":
		default:
			acts = true
		}
		return !acts
	})
	return acts
}

func routeDestinations(from []*networking.RouteDestination) []*Destination {
	list := make([]*Destination, 0, len(from))
	for i, d := range from {
		list = append(list, newDestination(d.GetDestination(), d.GetWeight(), "route["+strconv.Itoa(i)+"].destination"))
	}
	return list
}

func newDestination(d *networking.Destination, weight int32, field string) *Destination {
	return &Destination{Host: d.GetHost(), Subset: d.GetSubset(), Port: d.GetPort().GetNumber(), Weight: int64(weight), Field: field}
}

func (v *virtualService) assert(by *Object, cfg *Config, to *facts) {
	said := &VirtualService{
		By:   by,
		Mesh: len(v.gateways) == 0,
		Seen: exportedTo(v.exportTo, by.Namespace, cfg.DefaultVirtualServiceExportTo),
	}
	for _, name := range v.gateways {
		if name == meshGateway {
			said.Mesh = true
		} else {
			said.Gateways = append(said.Gateways, gatewayName(name, by.Namespace))
		}
	}
	for _, host := range v.hosts {
		host = Resolve(host, by.Namespace, cfg.Domain)
		said.written = append(said.written, host)
		if said.Mesh && v.onlyHTTP() {
			host = strings.ToLower(host)
		}
		said.Hosts = append(said.Hosts, host)
	}
	for _, r := range v.routes {
		said.Routes = append(said.Routes, r.resolved(by.Namespace, cfg.Domain))
	}
	to.route = said
	said.link(to)
	to.link(misnames, said.nearby(cfg.RootNamespace)...)
	to.link(fills, said.wildcardsAt()...)
}

// onlyHTTP reports whether it has HTTP routes alone. On the mesh their virtual hosts are
// in lower case, however the hosts are written; TLS and TCP routes need the very name of
// the service [1.5].
func (v *virtualService) onlyHTTP() bool {
	return !slices.ContainsFunc(v.routes, func(r *Route) bool { return r.Section != SectionHTTP })
}

// link makes the VirtualService found by all that it names.
func (v *VirtualService) link(to *facts) {
	to.link(claims, v.Hosts...)
	v.linkStreams(to)
	to.link(boundTo, v.Gateways...)
	to.link(concerns, v.Seen.Named()...)
	for _, host := range v.Hosts {
		to.of(host).mentions = 1
	}
	for _, r := range v.Routes {
		if r.Delegate != "" {
			to.link(delegatesTo, r.Delegate)
		}
		for _, d := range slices.Concat(r.Destinations, r.Mirrors) {
			to.link(routesTo, d.Host)
			to.of(d.Host).mentions = 1
		}
		for _, m := range r.Matches {
			for _, name := range m.Gateways {
				if name != meshGateway {
					to.link(boundTo, name)
				}
			}
			if m.SourceNamespace != "" {
				to.link(concerns, m.SourceNamespace)
			}
		}
	}
}

// linkStreams makes the VirtualService found by what its TLS and TCP routes take from
// others [4.4, 4.8].
func (v *VirtualService) linkStreams(to *facts) {
	if v.Mesh && v.streams() {
		to.link(streams, v.Hosts...)
	}
	if v.Has(SectionTCP) {
		to.link(forwards, v.Gateways...)
	}
	to.link(passes, v.names()...)
}

// resolved returns the route with the names in it as an object of a namespace
// means them.
func (r *Route) resolved(namespace, domain string) *Route {
	resolved := *r
	resolved.Destinations = resolvedHosts(r.Destinations, namespace, domain)
	resolved.Mirrors = resolvedHosts(r.Mirrors, namespace, domain)
	if name, ok := strings.CutPrefix(r.Delegate, "/"); ok {
		resolved.Delegate = namespace + "/" + name
	}
	resolved.Matches = nil
	for _, m := range r.Matches {
		resolved.Matches = append(resolved.Matches, m.resolved(namespace))
	}
	return &resolved
}

func resolvedHosts(from []*Destination, namespace, domain string) []*Destination {
	var list []*Destination
	for _, d := range from {
		if host := Resolve(d.Host, namespace, domain); host != d.Host {
			resolved := *d
			resolved.Host = host
			d = &resolved
		}
		list = append(list, d)
	}
	return list
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

// precedes reports whether istiod takes v before o for the proxies of a namespace
// [2.4], and whether that is known: what is exported to it by name comes first, its
// own before others', then what is public; within each list the older, of which two
// files without ages say nothing.
func (v *VirtualService) precedes(o *VirtualService, namespace string) (before, known bool) {
	if a, b := v.bucket(namespace), o.bucket(namespace); a != b {
		return a < b, true
	}
	return v.By.Older(o.By)
}

// bucket says in which of istiod's lists for the proxies of a namespace the
// VirtualService is.
func (v *VirtualService) bucket(namespace string) int {
	switch {
	case v.Seen.allBut:
		return 2
	case v.By.Namespace == namespace:
		return 0
	default:
		return 1
	}
}
