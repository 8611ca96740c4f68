package mesh

import "slices"

// leavesOut reports whether a route is not for the workloads of a namespace that a
// workloadSelector picks, or for those that none picks, because of sourceLabels: its own
// ask for other labels, or those of an earlier route of the VirtualService for these, and
// that one leaves nothing over [3.3, 4.5].
func (v *View) leavesOut(d *Delivery, c Client, selecting []*DestinationRule) bool {
	if len(c.labels) == 0 && len(selecting) == 0 {
		return false
	}
	section := d.Route.Section
	matches := d.Matches
	if len(matches) == 0 {
		matches = []*Match{{}}
	}
	var before []*Match
	for _, earlier := range v.expanded(d.Root) {
		if earlier.From == d.From && earlier.Route == d.Route {
			break
		}
		if earlier.Route.Section == section && (section == SectionHTTP || len(earlier.Route.Destinations) > 0) {
			before = append(before, earlier.Matches...)
		}
	}
	return !slices.ContainsFunc(matches, func(m *Match) bool {
		if !m.isFor(section, c.namespace) || m.labeled(section) && m.passesOver(c, selecting) {
			return false
		}
		return !slices.ContainsFunc(before, func(e *Match) bool { return v.takesAllOf(e, m, section, c) })
	})
}

// ForAllOf reports whether sourceLabels keep none of the clients of a viewpoint from a route.
func (d *Delivery) ForAllOf(c Client) bool {
	section := d.Route.Section
	return slices.ContainsFunc(d.Matches, func(m *Match) bool {
		return m.isFor(section, c.namespace) && (!m.labeled(section) || picked(m.SourceLabels, c.labels))
	})
}

// isFor reports whether any sidecars of a namespace are given a match.
func (m *Match) isFor(section Section, namespace string) bool {
	return m.given(section, Reach{Sidecars: AllNamespaces()}).Sidecars.Has(namespace)
}

// passesOver reports whether sourceLabels keep a match from all clients of a viewpoint:
// they ask for another value of a label, or for labels by which a selector would have
// picked them.
func (m *Match) passesOver(c Client, selecting []*DestinationRule) bool {
	if apart(m.SourceLabels, c.labels) {
		return true
	}
	return len(c.labels) == 0 && slices.ContainsFunc(selecting, func(r *DestinationRule) bool { return picked(r.Selector, m.SourceLabels) })
}

// takesAllOf reports whether a match with sourceLabels that the clients have leaves
// nothing of another to them.
func (v *View) takesAllOf(e, m *Match, section Section, c Client) bool {
	if !e.labeled(section) || !picked(e.SourceLabels, c.labels) || len(c.labels) == 0 {
		return false
	}
	bare := *e
	bare.SourceLabels = nil
	if section == SectionHTTP && !bare.CatchAll(section) {
		return false
	}
	return v.CoversWherever(&bare, m, section)
}
