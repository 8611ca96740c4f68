package mesh

import "slices"

// lost returns the namespaces whose sidecars take no route of a section of a
// VirtualService, because others claim all of its hosts before it [4.3, 4.4].
func (v *View) lost(root *VirtualService, section Section) Namespaces {
	if !root.Mesh || root.Delegate() {
		return Namespaces{}
	}
	lost := AllNamespaces()
	for _, host := range root.Hosts {
		if lost = lost.And(v.taken(root, host, section)); lost.IsEmpty() {
			break
		}
	}
	return lost
}

// taken returns the namespaces whose sidecars take a section of another
// VirtualService for a host.
func (v *View) taken(root *VirtualService, host string, section Section) Namespaces {
	var taken Namespaces
	for h := range v.snapshot.linked(claims, host) {
		if other := h.route; other != root && other.Mesh {
			taken = taken.Or(v.Before(other, root, section))
		}
	}
	return taken
}

// Before returns the namespaces whose sidecars take a section of one
// VirtualService rather than that of another for the hosts that both claim. Only
// what is certain counts: that the first has a route for them whatever their labels,
// and whatever the port. Of two files without ages it is not known which comes first.
func (v *View) Before(first, second *VirtualService, section Section) Namespaces {
	return v.ahead(first, second, section, func(before, known bool) bool { return before && known })
}

// ahead is Before for what counts as coming first.
func (v *View) ahead(first, second *VirtualService, section Section, counts func(before, known bool) bool) Namespaces {
	surviving := v.surviving(first, section)
	if surviving.IsEmpty() {
		return Namespaces{}
	}
	names := slices.Concat(surviving.Named(), first.Seen.Named(), second.Seen.Named(), []string{first.By.Namespace, second.By.Namespace})
	return where(names, func(client string) bool {
		return surviving.Has(client) && second.Seen.Has(client) && counts(first.precedes(second, client)) &&
			v.snapshot.imports(first, client)
	})
}

// surviving returns the namespaces whose sidecars have a route of a VirtualService
// that keeps them from every later one: any HTTP route, or a TCP route that takes
// every address.
func (v *View) surviving(root *VirtualService, section Section) Namespaces {
	var surviving Namespaces
	for _, d := range v.expanded(root) {
		if d.Route.Section != section {
			continue
		}
		if len(d.Matches) == 0 {
			return root.Seen
		}
		for _, m := range d.Matches {
			if m.Port == 0 && !m.labeled(section) && (section == SectionHTTP || m.CatchAll(section)) {
				surviving = surviving.Or(m.given(section, Reach{Sidecars: root.Seen}).Sidecars)
			}
		}
	}
	return surviving
}
