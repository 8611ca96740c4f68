package mesh

// virtualService follows a change of a VirtualService itself: beside its own
// routes it decides about its roots, and about who else claims its hosts.
func (t *touch) virtualService(v *VirtualService) {
	t.route(v)
	t.rivals(v)
	t.passing(v)
	for _, host := range v.Hosts {
		if v.claimsUnder(host) {
			t.covered(host)
		}
	}
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
	for _, sni := range v.names() {
		for h := range t.snapshot.linked(passes, sni) {
			if h.route.Mesh {
				t.stream(h.route)
			}
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
	for key, e := range t.snapshot.exact.keysUnder(wildcardKey(host)) {
		if e.mentions == 0 {
			continue
		}
		for h := range t.snapshot.linked(streams, unkey(key)) {
			t.stream(h.route)
		}
	}
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
