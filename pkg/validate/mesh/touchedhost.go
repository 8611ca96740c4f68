package mesh

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
	for key := range t.snapshot.exact.keysUnder(wildcardKey(wildcard)) {
		host := unkey(key)
		t.keys[Key{SubjectHost, host}] = true
		t.standIns(host)
	}
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

// destination touches a host that traffic is sent to, and those it stands for.
func (t *touch) destination(host string) {
	t.keys[Key{SubjectHost, host}] = true
	if e := t.snapshot.exact.get(hostKey(host)); e != nil {
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
		t.leftUnder(wildcard)
	}
	if !IsWildcard(host) {
		return
	}
	for tail := range t.snapshot.wildcards.keysUnder(wildcardKey(host)) {
		t.claiming("*" + unkey(tail))
	}
}

// leftUnder is leftOver for one of the wildcards over a host.
func (t *touch) leftUnder(wildcard string) {
	if t.left[wildcard] || len(t.view.Claiming(wildcard)) == 0 {
		return
	}
	t.left[wildcard] = true
	services, every := t.snapshot.declaredUnder(wildcard, mostCovered+t.declared)
	if !every {
		return
	}
	t.claiming(wildcard)
	for _, service := range services {
		t.goingBy(service)
	}
}

// goingByUnder is goingBy for all services that a wildcard of a VirtualService covers,
// unless these are too many to be looked at.
func (t *touch) goingByUnder(wildcard string) {
	if !IsWildcard(wildcard) || wildcard == "*" {
		return
	}
	hosts, _ := t.view.DeclaredHosts(wildcard)
	for _, host := range hosts {
		t.goingBy(host)
	}
}

// goingBy touches the routes of the VirtualServices that claim a service by another of the
// domains that its virtual host has, or a wildcard over one of these.
func (t *touch) goingBy(service string) {
	for _, name := range PartlyQualified(service, t.snapshot.cfg.Domain) {
		t.claiming(name)
	}
	for h := range t.snapshot.linked(standsFor, service) {
		for alias := range h.hosts() {
			t.claiming(alias)
			for _, wider := range t.snapshot.widerInUse(alias) {
				t.leftUnder(wider)
			}
			for _, name := range PartlyQualified(alias, t.snapshot.cfg.Domain) {
				t.claiming(name)
			}
		}
	}
}
