package mesh

import "slices"

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

// bound touches the VirtualServices that are bound to a Gateway, and their delegates: their
// own routes decide whether Envoy accepts the table of a server that redirects all requests.
func (t *touch) bound(g *Gateway) {
	for h := range t.snapshot.linked(boundTo, g.Name()) {
		t.keys[Key{SubjectVirtualService, h.route.Name()}] = true
		for _, r := range h.route.Routes {
			if r.Delegate != "" {
				t.keys[Key{SubjectVirtualService, r.Delegate}] = true
			}
		}
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
