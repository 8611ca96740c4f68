package mesh

import (
	"slices"
)

// Touched are the keys about which the state of some objects decides, as the
// snapshot holds them, in order and once each: the cost of judging a change. For a
// change they are those before and those after it.
func (s *Snapshot) Touched(refs ...Ref) []Key {
	t := touch{
		snapshot: s,
		view:     s.View(),
		keys:     map[Key]bool{},
		routes:   map[*VirtualService]bool{},
		gateways: map[*Gateway]bool{},
		left:     map[string]bool{},
		names:    map[Key]bool{},
	}
	objects := t.objects(refs)
	for _, h := range objects {
		for _, says := range h.hosts() {
			t.declared += min(len(says.declarations), 1)
		}
	}
	for _, h := range objects {
		t.object(h)
	}
	keys := make([]Key, 0, len(t.keys))
	for key := range t.keys {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, Key.Compare)
	return keys
}

// touch follows what an object says to all that rests on it.
type touch struct {
	snapshot *Snapshot
	view     *View
	keys     map[Key]bool
	routes   map[*VirtualService]bool // already followed
	gateways map[*Gateway]bool        // already followed
	left     map[string]bool          // wildcards already followed
	names    map[Key]bool             // server names already followed
	declared int                      // hosts that the objects themselves declare
}

// objects returns what there is of some objects. A Namespace stands for all that is in it,
// which may come into sight with it or go out of it, or change its tenant.
func (t *touch) objects(refs []Ref) []*held {
	var objects []*held
	for _, ref := range refs {
		switch {
		case ref.Kind != KindNamespace:
			if h, ok := t.snapshot.held.Get(refKey(ref)); ok {
				objects = append(objects, h)
			}
		case t.snapshot.cfg.judgesNamespaces():
			for _, kind := range Kinds() {
				objects = slices.AppendSeq(objects, t.snapshot.stored(kind, ref.Name))
			}
		}
	}
	return objects
}

func (t *touch) object(h *held) {
	for host, says := range h.hosts() {
		t.host(host, says)
	}
	switch {
	case h.route != nil:
		t.virtualService(h.route)
	case h.gateway != nil:
		t.gateway(h.gateway)
		t.servers(h.gateway)
	case h.sidecar != nil:
		t.sidecar(h.sidecar)
	case h.api != nil:
		t.api(h.api)
	case len(h.selects) > 0:
		for _, gateway := range t.snapshot.fronted(h.selects) {
			t.gateway(gateway)
		}
	}
}

// host follows what is said of a host: to what a wildcard covers, to the hosts
// that stand for it, and where its declaration changes, to the VirtualServices that
// claim it, whose routes have their listeners by its ports.
func (t *touch) host(host string, says *entry) {
	t.keys[Key{SubjectHost, host}] = true
	if len(says.rules) > 0 && IsWildcard(host) {
		t.covered(host)
	}
	if len(says.rules) > 0 {
		t.over(host)
	}
	t.aliases(says)
	if len(says.rules)+len(says.declarations) > 0 {
		t.standIns(host)
	}
	if len(says.declarations) == 0 {
		return
	}
	t.claiming(host)
	t.goingBy(host)
	t.streaming(host)
	t.spelled(host)
	t.over(host)
	t.leftOver(host)
}

// covered touches the hosts in use that a wildcard covers, and the names that stand
// for one of them.
func (t *touch) covered(wildcard string) {
	t.snapshot.exact.Root().WalkPrefix(wildcardKey(wildcard), func(key []byte, _ *entry) bool {
		host := unkey(key)
		t.keys[Key{SubjectHost, host}] = true
		t.standIns(host)
		return false
	})
}

// standIns touches the hosts that are declared to stand for one.
func (t *touch) standIns(host string) {
	for h := range t.snapshot.linked(standsFor, host) {
		for alias := range h.hosts() {
			t.keys[Key{SubjectHost, alias}] = true
		}
	}
}

// spelled touches the names that people write for a Service and that are not its
// host: they are judged by whether there is one [1.2].
func (t *touch) spelled(host string) {
	for _, name := range PartlyQualified(host, t.snapshot.cfg.Domain) {
		t.keys[Key{SubjectHost, name}] = true
	}
}

// virtualService follows a change of a VirtualService itself: beside its own
// routes it decides about its roots, and about who else claims its hosts.
func (t *touch) virtualService(v *VirtualService) {
	t.route(v)
	t.rivals(v)
	t.passing(v)
	for _, root := range t.view.Roots(v.Name()) {
		t.route(root)
		t.rivals(root)
	}
}

func (t *touch) rivals(v *VirtualService) {
	if !v.Mesh {
		return // on gateways the hosts are shared
	}
	for _, host := range v.Hosts {
		t.claiming(host)
		t.goingBy(host)
		t.goingByUnder(host)
		for _, wider := range t.snapshot.widerInUse(host) {
			t.claiming(wider)
		}
		if v.streams() {
			t.streaming(host)
		}
	}
}

// passing follows a VirtualService to those that share an SNI with it on the pods of a
// Gateway, or a TCP server, of which the first gets it [4.8].
func (t *touch) passing(v *VirtualService) {
	followed := map[pods]bool{}
	for _, name := range v.Gateways {
		if v.Has(SectionTCP) {
			for h := range t.snapshot.linked(forwards, name) {
				t.route(h.route)
			}
		}
		gateway := t.view.Gateway(name)
		if gateway == nil || !v.Has(SectionTLS) {
			continue
		}
		at := t.view.podsAt(gateway, "")
		if followed[at] {
			continue
		}
		followed[at] = true
		for _, other := range t.view.sharingSNI(v, at) {
			t.route(other)
		}
	}
}

// streaming follows a host to the VirtualServices with TLS or TCP routes on the mesh for
// any name of it, who share its listeners [4.4].
func (t *touch) streaming(host string) {
	for _, wildcard := range t.snapshot.wildcardsInUse(host) {
		for h := range t.snapshot.linked(streams, wildcard) {
			t.stream(h.route)
		}
	}
	if !IsWildcard(host) || host == "*" {
		return
	}
	t.snapshot.exact.Root().WalkPrefix(wildcardKey(host), func(key []byte, e *entry) bool {
		if e.mentions == 0 {
			return false
		}
		for h := range t.snapshot.linked(streams, unkey(key)) {
			t.stream(h.route)
		}
		return false
	})
}

// stream touches all that the TLS and TCP routes of a VirtualService, as they are handed
// out, decide about.
func (t *touch) stream(v *VirtualService) {
	t.keys[Key{SubjectVirtualService, v.Name()}] = true
	for _, host := range v.Hosts {
		t.keys[Key{SubjectHost, host}] = true
	}
	t.destinations(v)
}

// claiming follows a host to the VirtualServices that claim it on the mesh.
func (t *touch) claiming(host string) {
	for h := range t.snapshot.linked(claims, host) {
		if h.route.Mesh {
			t.route(h.route)
		}
	}
}

// route touches all that the routes of a VirtualService, as they are handed out,
// decide about.
func (t *touch) route(v *VirtualService) {
	if t.routes[v] {
		return
	}
	t.routes[v] = true
	t.keys[Key{SubjectVirtualService, v.Name()}] = true
	for _, host := range v.Hosts {
		t.keys[Key{SubjectHost, host}] = true
		if v.claimsUnder(host) {
			t.covered(host)
		}
	}
	t.destinations(v)
	for _, r := range v.Routes {
		if delegate := t.view.VirtualService(r.Delegate); r.Delegate != "" && delegate != nil {
			t.destinations(delegate)
			t.keys[Key{SubjectVirtualService, delegate.Name()}] = true
		}
	}
	for _, key := range t.view.handedNames(t.view.virtualHosts(nil, v), v) {
		t.keys[key] = true
	}
}

func (t *touch) destinations(v *VirtualService) {
	for _, r := range v.Routes {
		for _, list := range [][]*Destination{r.Destinations, r.Mirrors} {
			for _, d := range list {
				t.destination(d.Host)
			}
		}
	}
}

// gateway follows a Gateway to the VirtualServices that are bound to it, and to those
// that share what it hands on to them.
func (t *touch) gateway(g *Gateway) {
	if t.gateways[g] {
		return
	}
	t.gateways[g] = true
	t.keys[Key{SubjectGateway, g.Name()}] = true
	for h := range t.snapshot.linked(boundTo, g.Name()) {
		t.route(h.route)
		if h.route.Has(SectionTLS) {
			t.passing(h.route)
		}
	}
	for h := range t.snapshot.linked(misnames, g.Name()) {
		t.keys[Key{SubjectVirtualService, h.route.Name()}] = true
	}
}

// bound touches the VirtualServices that are bound to a Gateway, whose own routes decide
// whether Envoy accepts the table of a server that redirects all requests.
func (t *touch) bound(g *Gateway) {
	for h := range t.snapshot.linked(boundTo, g.Name()) {
		t.keys[Key{SubjectVirtualService, h.route.Name()}] = true
	}
}

// servers follows the servers of a Gateway to those that they keep from their
// places, and on to those that these would keep from theirs.
func (t *touch) servers(g *Gateway) {
	for _, server := range g.Servers {
		listener, names := place{g, server}.keys()
		t.keys[listener] = true
		for _, name := range names {
			t.serverName(name)
		}
		contest := t.view.contested(listener.Name)
		t.places(contest.all, slices.ContainsFunc(contest.plaintext, func(p place) bool { return p.server.Bind != server.Bind }))
	}
}

func (t *touch) serverName(name Key) {
	if t.names[name] {
		return
	}
	t.names[name] = true
	t.keys[name] = true
	t.places(t.view.answering(name.Name), false)
}

// places follows servers, in istiod's order, to all that they keep from their places by
// their hosts, or in their own Gateways by the names of their ports; and to the
// VirtualServices that are bound to those that are dropped, or may be when others are not:
// open says that any may be.
func (t *touch) places(list []place, open bool) {
	for _, p := range list {
		open = open || t.view.dropped(p) != nil
		switch {
		case open && p.server.Redirects:
			t.bound(p.gateway)
		case open:
			t.gateway(p.gateway)
		}
		for _, server := range p.gateway.Servers {
			if server != p.server && (server.Port != p.server.Port || server.PortName != p.server.PortName) {
				continue
			}
			_, names := place{p.gateway, server}.keys()
			for _, name := range names {
				t.serverName(name)
			}
		}
	}
}

// sidecar follows a Sidecar to what its namespace is told apart for. One that is
// the whole mesh's default touches the whole mesh.
func (t *touch) sidecar(s *Sidecar) {
	namespace := s.By.Namespace
	if namespace == t.snapshot.cfg.RootNamespace && len(s.Selects) == 0 {
		for _, key := range t.snapshot.Keys() {
			t.keys[key] = true
		}
		return
	}
	concerned := func(h *held) {
		for host, says := range h.hosts() {
			t.host(host, says)
		}
		if h.route != nil {
			t.virtualService(h.route)
		}
	}
	for _, kind := range []Kind{KindDestinationRule, KindHTTPRoute, KindService, KindServiceEntry, KindVirtualService} {
		for h := range t.snapshot.stored(kind, namespace) {
			concerned(h)
		}
	}
	for h := range t.snapshot.linked(concerns, namespace) {
		concerned(h)
	}
}

func (t *touch) api(r *APIRoute) {
	for _, host := range r.Hosts {
		for h := range t.snapshot.linked(claims, host) {
			t.route(h.route)
		}
	}
}

// virtualHosts appends the keys of the hosts that a VirtualService serves at the
// workloads of the Gateways that it is bound to [4.7].
func (v *View) virtualHosts(keys []Key, root *VirtualService) []Key {
	for _, name := range root.Gateways {
		gateway := v.Gateway(name)
		if gateway == nil {
			continue
		}
		for _, server := range gateway.Servers {
			for _, host := range root.Hosts {
				for _, entry := range server.Hosts {
					if narrower, overlap := Overlap(entry.Host, host); overlap {
						keys = append(keys, VirtualHostKey(gateway.Selector, narrower))
					}
				}
			}
		}
	}
	return keys
}

// destination touches a host that traffic is sent to, and those it stands for.
func (t *touch) destination(host string) {
	t.keys[Key{SubjectHost, host}] = true
	if e, ok := t.snapshot.exact.Get(hostKey(host)); ok {
		t.aliases(e)
	}
}

// aliases touches the hosts that others are declared to stand for.
func (t *touch) aliases(says *entry) {
	for _, d := range says.declarations {
		if d.Alias != "" {
			t.keys[Key{SubjectHost, d.Alias}] = true
		}
	}
}

// over touches the wildcards in use that cover a host: they are judged by what is
// left to them.
func (t *touch) over(host string) {
	for _, wildcard := range t.snapshot.wildcardsInUse(host) {
		t.keys[Key{SubjectHost, wildcard}] = true
	}
}

// leftOver touches the routes of the VirtualServices that claim a wildcard on the mesh
// and have listeners by what is declared under it: those of wildcards over a host, unless
// too much is declared under them to be looked at, with the objects and without; and where
// the host is a wildcard itself, those of the wildcards under it [4.3].
func (t *touch) leftOver(host string) {
	for _, wildcard := range t.snapshot.wildcardsInUse(host) {
		if t.left[wildcard] {
			continue
		}
		t.left[wildcard] = true
		if len(t.view.Claiming(wildcard)) == 0 {
			continue
		}
		services, every := t.snapshot.declaredUnder(wildcard, mostCovered+t.declared)
		if !every {
			continue
		}
		t.claiming(wildcard)
		for _, service := range services {
			t.goingBy(service)
		}
	}
	if !IsWildcard(host) {
		return
	}
	t.snapshot.wildcards.Root().WalkPrefix(wildcardKey(host), func(tail []byte, _ *entry) bool {
		t.claiming("*" + unkey(tail))
		return false
	})
}
