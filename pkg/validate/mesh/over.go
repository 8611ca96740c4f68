package mesh

import (
	"slices"
	"strings"
)

// mostCovered is how many declared hosts are looked through for what they make of a
// wildcard that covers them. Of a wildcard over more nothing is claimed.
const mostCovered = 64

// DeclaredHosts returns the hosts that are declared and that a wildcard covers,
// itself among them, and whether these are all: there may be too many to look at.
func (v *View) DeclaredHosts(wildcard string) (hosts []string, all bool) {
	for e := range walk(v.snapshot.declared, wildcardKey(wildcard)) {
		if len(hosts) == mostCovered {
			return nil, false
		}
		hosts = append(hosts, e.declarations[0].Host)
	}
	return hosts, true
}

// ClaimedOnMesh reports whether a VirtualService has a host among its hosts, in
// full whatever it is bound to, or under a wildcard on the mesh [4.3].
func (v *View) ClaimedOnMesh(host string) bool {
	if len(v.Claiming(host)) > 0 {
		return true
	}
	for _, wildcard := range wildcardsOver(host) {
		for h := range v.snapshot.linked(claims, wildcard) {
			if h.route.claimsUnder(wildcard) {
				return true
			}
		}
	}
	return false
}

// claimsUnder reports whether the VirtualService claims the hosts that one of its
// hosts covers. On the mesh "*" is none that Istio allows, and on gateways it is
// not about the hosts of the mesh.
func (v *VirtualService) claimsUnder(host string) bool {
	return v.Mesh && IsWildcard(host) && host != "*"
}

// wildcardsInUse returns the wildcards that anything names and that cover a host, the
// widest first; of a wildcard, itself among them.
func (s *Snapshot) wildcardsInUse(host string) []string {
	var wildcards []string
	s.wildcards.Root().WalkPath(hostKey(strings.TrimPrefix(host, "*")), func(tail []byte, _ *entry) bool {
		wildcards = append(wildcards, "*"+unkey(tail))
		return false
	})
	return wildcards
}

// over touches the wildcards in use that cover a host: they are judged by what is
// left to them.
func (t *touch) over(host string) {
	for _, wildcard := range t.snapshot.wildcardsInUse(host) {
		t.keys[Key{SubjectHost, wildcard}] = true
	}
}

// leftOver touches the routes of the VirtualServices that claim a wildcard on the mesh
// and have listeners by whether anything under it is declared: those of wildcards over
// a host where only what changes declares a host under them, and where the host is a
// wildcard itself, those of the wildcards under it [4.3].
func (t *touch) leftOver(host string) {
	for _, wildcard := range t.snapshot.wildcardsInUse(host) {
		if !t.left[wildcard] && !t.snapshot.declaresUnder(wildcard, t.changes) {
			t.claiming(wildcard)
		}
		t.left[wildcard] = true
	}
	if !IsWildcard(host) {
		return
	}
	t.snapshot.wildcards.Root().WalkPrefix(wildcardKey(host), func(tail []byte, _ *entry) bool {
		t.claiming("*" + unkey(tail))
		return false
	})
}

// declaresUnder reports whether any but some objects declares a host that a wildcard
// covers.
func (s *Snapshot) declaresUnder(wildcard string, but func(*Object) bool) bool {
	for e := range walk(s.declared, wildcardKey(wildcard)) {
		if slices.ContainsFunc(e.declarations, func(d *Declaration) bool { return !but(d.By) }) {
			return true
		}
	}
	return false
}
