package mesh

import "slices"

// Redirected returns who is given each of the Deliveries of a VirtualService at a server
// that tells every request to come back over HTTPS. No request takes the route there, and
// Envoy refuses the table for one that is not valid even so.
func (v *View) Redirected(root *VirtualService) []Reach {
	if root.Delegate() {
		return nil
	}
	bound, taken := v.redirecting(root), Reach{}
	var given []Reach
	for _, d := range v.expanded(root) {
		var reach, everything Reach
		if d.Route.Section == SectionHTTP {
			reach, everything = d.narrowed(bound, v.redirectingOn)
		}
		given = append(given, reach.minus(taken))
		taken = taken.or(everything)
	}
	return given
}

// redirecting returns the pods that a VirtualService is bound to by a server that tells
// every request to come back over HTTPS.
func (v *View) redirecting(root *VirtualService) Reach {
	return Reach{Gateways: v.podsBound(root, func(name string) bool { return v.redirects(name, root, 0) })}
}

// redirectingOn narrows such pods down to those that have the server on a port. For
// which of several ports a match is handed out is not settled.
func (v *View) redirectingOn(root *VirtualService, _ Section, port uint32, reach Reach) (left, only Reach) {
	reach.Gateways = dropped(reach.Gateways, func(g GatewayPods) bool { return !v.redirects(g.Gateway, root, port) })
	return reach, Reach{}
}

// redirects reports whether a Gateway has such a server, on a port or with 0 on any.
func (v *View) redirects(name string, root *VirtualService, port uint32) bool {
	gateway := v.Gateway(name)
	return gateway != nil && slices.ContainsFunc(gateway.Servers, func(s *Server) bool {
		return s.Redirects && (port == 0 || s.Port == port) && s.Section() == SectionHTTP && s.AdmitsAny(root) && !v.Closed(gateway, s)
	})
}
