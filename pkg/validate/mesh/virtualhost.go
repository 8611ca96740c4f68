package mesh

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// VirtualHost is one host in one route table of a gateway's pods: the place where
// istiod puts the routes of several VirtualServices one behind the other [4.7].
type VirtualHost struct {
	Host string
	// Pods is the namespace that the pods run in; empty for one that nobody named.
	Pods string
	// Routes are those of all VirtualServices, in the order in which the proxy
	// tries them.
	Routes []*HostRoute
}

// HostRoute is one match of a route in a virtual host.
type HostRoute struct {
	*Delivery

	Fragment *Fragment
	// Number is the place of the match among those of the delivery; Match is one
	// without conditions where the route has none.
	Number int
	Match  *Match
	// Certain is false where sourceLabels decide whether the pods are given it.
	Certain bool
}

// CatchAll reports whether istiod takes the match for one that takes every request.
func (r *HostRoute) CatchAll() bool { return r.Match.CatchAll(SectionHTTP) }

// Fragment is what one VirtualService adds to a virtual host, by a Gateway that
// both are bound to.
type Fragment struct {
	Root    *VirtualService
	Gateway *Gateway

	server *Server
}

// Order is what decides which of two fragments comes first.
type Order string

// What decides between fragments [2.4, 4.7].
const (
	ByAge        Order = "age"
	ByGatewayAge Order = "age of the Gateways"
	ByExport     Order = "exportTo"
	ByServer     Order = "order of the servers"
)

// Order returns what decides between two fragments for the pods of a namespace, and
// whether stored configuration tells how.
func (f *Fragment) Order(o *Fragment, pods string) (by Order, known bool) {
	switch {
	case f.Gateway != o.Gateway:
		_, known = f.Gateway.By.Older(o.Gateway.By)
		return ByGatewayAge, known
	case f.server != o.server:
		return ByServer, true
	case f.Root.bucket(pods) != o.Root.bucket(pods):
		return ByExport, true
	default:
		_, known = f.Root.By.Older(o.Root.By)
		return ByAge, known
	}
}

// VirtualHosts returns a host as the pods of a workload serve it over HTTP, by the
// name of its key: for each route table that has it, and there for each namespace
// in which the pods may run, once for those that it is the same for.
func (v *View) VirtualHosts(name string) [][]*VirtualHost {
	hosts, known := v.virtual[name]
	if !known {
		hosts = v.virtualHostsOf(name)
		remember(&v.virtual, name, hosts)
	}
	return hosts
}

func (v *View) virtualHostsOf(name string) [][]*VirtualHost {
	selector, host, _ := strings.Cut(name, "|")
	tables := v.serving(selector, host)
	list := make([][]*VirtualHost, 0, len(tables))
	for _, fragments := range tables {
		var hosts []*VirtualHost
		for _, pods := range v.podsOfAll(fragments) {
			h := v.virtualHost(host, pods, fragments)
			if len(h.Routes) > 0 && !slices.ContainsFunc(hosts, h.same) {
				hosts = append(hosts, h)
			}
		}
		list = append(list, hosts)
	}
	return list
}

// same reports whether pods of another namespace are given the same, in an order that
// the same decides.
func (h *VirtualHost) same(o *VirtualHost) bool {
	return slices.EqualFunc(h.Routes, o.Routes, func(a, b *HostRoute) bool {
		return a.Delivery == b.Delivery && a.Number == b.Number && a.Fragment == b.Fragment &&
			a.Root.bucket(h.Pods) == a.Root.bucket(o.Pods)
	})
}

// serving returns the fragments of a host on the pods of a selector by route table:
// plaintext servers of one port share one, others have one each. A table is left out
// where a server that tells every request to come back over HTTPS has the host as
// well: whether it does so for the routes of the others is not settled.
func (v *View) serving(selector, host string) [][]*Fragment {
	tables := map[string][]*Fragment{}
	redirected := map[string]bool{}
	var names []string
	for _, root := range v.candidates(selector, host) {
		for _, name := range root.Gateways {
			gateway := v.Gateway(name)
			if gateway == nil || gateway.Selector != selector {
				continue
			}
			for _, server := range gateway.Servers {
				if server.Section() != SectionHTTP || !server.servesAs(root, host) {
					continue
				}
				table := server.table(gateway)
				if server.Redirects {
					redirected[table] = true
					continue
				}
				if v.Closed(gateway, server) {
					continue
				}
				names = append(names, table)
				tables[table] = append(tables[table], &Fragment{Root: root, Gateway: gateway, server: server})
			}
		}
	}
	slices.Sort(names)
	var sorted [][]*Fragment
	for _, name := range slices.Compact(names) {
		if !redirected[name] {
			sorted = append(sorted, tables[name])
		}
	}
	return sorted
}

// candidates returns the VirtualServices that may serve a host on the pods of a
// selector: those that claim it, and where a server is for just this host, those
// that are bound to it and claim a wildcard over it. How many claim "*" says nothing
// of a host, so they are looked up by their Gateways alone. A key has its host in
// small letters; those that claim it in others are found by how it is served.
func (v *View) candidates(selector, host string) []*VirtualService {
	var roots []*VirtualService
	if host != "*" {
		roots = slices.Clip(v.Claiming(host))
	}
	known := make(map[*VirtualService]bool, len(roots))
	for _, root := range roots {
		known[root] = true
	}
	add := func(filled string) {
		for h := range v.snapshot.linked(fills, filled) {
			if !known[h.route] {
				known[h.route] = true
				roots = append(roots, h.route)
			}
		}
	}
	add(filling("", host))
	for opening := range v.snapshot.linked(opens, VirtualHostKey(selector, host).Name) {
		wildcards := []string{host}
		if host != "*" {
			wildcards = wildcardsOver(host)
		}
		for _, wildcard := range wildcards {
			add(filling(opening.gateway.Name(), wildcard))
		}
	}
	return roots
}

// wildcardsAt returns what the VirtualService fills: each Gateway with each wildcard
// among its hosts, and any host that is not written in small letters as it is served.
func (v *VirtualService) wildcardsAt() []string {
	var names []string
	for _, host := range v.Hosts {
		lower := strings.ToLower(host)
		if lower != host {
			names = append(names, filling("", lower))
		}
		for _, gateway := range v.Gateways {
			if IsWildcard(host) {
				names = append(names, filling(gateway, lower))
			}
		}
	}
	return names
}

func filling(gateway, wildcard string) string { return gateway + "|" + wildcard }

// servesAs reports whether a server lets a VirtualService serve exactly this host:
// of a host of either, the narrower counts, in small letters [4.7].
func (s *Server) servesAs(root *VirtualService, host string) bool {
	for _, entry := range s.Hosts {
		if !entry.For(root.By.Namespace) {
			continue
		}
		for _, claimed := range root.Hosts {
			narrower, overlap := Overlap(entry.Host, claimed)
			if overlap && strings.ToLower(narrower) == host {
				return true
			}
		}
	}
	return false
}

// table names the route table of an HTTP server.
func (s *Server) table(gateway *Gateway) string {
	port := strconv.FormatUint(uint64(s.Port), 10) + "|" + s.Bind
	if s.Plaintext() {
		return port
	}
	return port + "|" + gateway.Name() + "|" + strconv.Itoa(s.Index)
}

// podsOfAll returns the namespaces in which the pods that serve some fragments may run.
func (v *View) podsOfAll(fragments []*Fragment) []string {
	var pods []string
	asked := map[*Gateway]bool{}
	for _, f := range fragments {
		if asked[f.Gateway] {
			continue
		}
		asked[f.Gateway] = true
		namespaces, _ := v.PodsOf(f.Gateway.Name())
		pods = append(pods, namespaces...)
	}
	slices.Sort(pods)
	return slices.Compact(pods)
}

// virtualHost puts the fragments that the pods of a namespace see together: in the
// order of the servers, and of the VirtualServices at each; those that take every
// request last [2.4, 4.7].
func (v *View) virtualHost(host, pods string, fragments []*Fragment) *VirtualHost {
	var seen []*Fragment
	for _, f := range fragments {
		own, _ := v.PodsOf(f.Gateway.Name())
		if f.Root.Seen.Has(pods) && (!v.snapshot.cfg.ScopeGatewayToNamespace || slices.Contains(own, pods)) {
			seen = append(seen, f)
		}
	}
	slices.SortStableFunc(seen, func(a, b *Fragment) int { return a.compare(b, pods) })
	h := &VirtualHost{Host: host, Pods: pods}
	type bound struct {
		root    *VirtualService
		gateway *Gateway
	}
	added := map[bound]bool{}
	for _, f := range seen {
		if by := (bound{f.Root, f.Gateway}); !added[by] {
			added[by] = true
			h.Routes = append(h.Routes, v.hostRoutes(f, pods)...)
		}
	}
	slices.SortStableFunc(h.Routes, func(a, b *HostRoute) int { return cmp.Compare(last(a), last(b)) })
	return h
}

func last(r *HostRoute) int {
	if r.CatchAll() {
		return 1
	}
	return 0
}

func (f *Fragment) compare(o *Fragment, pods string) int {
	order := cmp.Or(compareAge(f.Gateway.By, o.Gateway.By), cmp.Compare(f.server.Index, o.server.Index))
	if order != 0 || f.Root == o.Root {
		return order
	}
	if before, _ := f.Root.precedes(o.Root, pods); before {
		return -1
	}
	return 1
}

// hostRoutes returns the routes of a fragment that the pods of a namespace are
// given, up to the first that takes every request [4.5, 4.6].
func (v *View) hostRoutes(f *Fragment, pods string) []*HostRoute {
	at := Reach{Gateways: []GatewayPods{{f.Gateway.Name(), pods}}}
	var routes []*HostRoute
	for _, d := range v.Deliveries(f.Root) {
		if d.Route.Section != SectionHTTP {
			continue
		}
		if len(d.Matches) == 0 {
			return append(routes, &HostRoute{Delivery: d, Fragment: f, Match: &Match{}, Certain: true})
		}
		for i, m := range d.Matches {
			if m.given(SectionHTTP, at).IsEmpty() || m.Port != 0 && m.Port != f.server.Port {
				continue
			}
			r := &HostRoute{Delivery: d, Fragment: f, Number: i, Match: m, Certain: !m.labeled(SectionHTTP)}
			if routes = append(routes, r); r.Certain && r.CatchAll() {
				return routes
			}
		}
	}
	return routes
}
