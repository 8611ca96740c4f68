package envoy

import (
	"net"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// Route is the route that a request takes, nil for one that none takes, which is
// answered with 404.
func Route(table *routev3.RouteConfiguration, request Request) *routev3.Route {
	for _, route := range Host(table, request.Authority).GetRoutes() {
		if Matches(route.GetMatch(), request) {
			return route
		}
	}
	return nil
}

// Host is the virtual host of an authority: that of just this name, else of the longest
// suffix, else of the longest prefix, else the one for every name; nil without any.
func Host(table *routev3.RouteConfiguration, authority string) *routev3.VirtualHost {
	name := strings.ToLower(authority)
	if table.GetIgnorePortInHostMatching() {
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
	}
	var best *routev3.VirtualHost
	longest := rank{}
	for _, host := range table.GetVirtualHosts() {
		for _, domain := range host.GetDomains() {
			r, fits := rankOf(strings.ToLower(domain), name)
			if fits && longest.less(r) {
				best, longest = host, r
			}
			if longest.kind == exact {
				return best
			}
		}
	}
	return best
}

// rank is how well a domain fits a name: first by its kind, then by its length.
type rank struct{ kind, length int }

func (r rank) less(o rank) bool {
	return r.kind < o.kind || r.kind == o.kind && r.length < o.length
}

// The kinds of domains, the best last.
const (
	everyName = iota + 1
	prefixed
	suffixed
	exact
)

// rankOf says how well a domain fits a name, and whether it does. A wildcard stands for
// one letter at least.
func rankOf(domain, name string) (rank, bool) {
	switch {
	case domain == name:
		return rank{exact, 0}, true
	case domain == "*":
		return rank{everyName, 0}, true
	case strings.HasPrefix(domain, "*"):
		return rank{suffixed, len(domain)}, len(name) >= len(domain) && strings.HasSuffix(name, domain[1:])
	case strings.HasSuffix(domain, "*"):
		return rank{prefixed, len(domain)}, len(name) >= len(domain) && strings.HasPrefix(name, strings.TrimSuffix(domain, "*"))
	default:
		return rank{}, false
	}
}
