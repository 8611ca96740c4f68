package mesh

import "strings"

// mostCovered is how many declared hosts are looked through for what they make of a
// wildcard that covers them. Of a wildcard over more nothing is claimed.
const mostCovered = 64

// DeclaredHosts returns the hosts that are declared and that a wildcard covers,
// itself among them, and whether these are all: there may be too many to look at.
func (v *View) DeclaredHosts(wildcard string) (hosts []string, all bool) {
	return v.snapshot.declaredUnder(wildcard, mostCovered)
}

// declaredUnder is DeclaredHosts for at most so many.
func (s *Snapshot) declaredUnder(wildcard string, most int) (hosts []string, all bool) {
	for e := range s.declared.under(wildcardKey(wildcard)) {
		if len(hosts) == most {
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
	var space keySpace
	bare := strings.TrimPrefix(host, "*")
	for tail := range s.wildcards.over(appendHostKey(space[:0], bare)) {
		wildcards = append(wildcards, "*"+bare[len(bare)-len(tail):])
	}
	return wildcards
}
