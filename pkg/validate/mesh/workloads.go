package mesh

import "slices"

// workloads are those of a namespace that have some labels, and that none of some
// DestinationRules picks.
type workloads struct {
	namespace string
	labels    map[string]string
	but       []*DestinationRule
}

// mayHave reports whether any of the workloads may have labels.
func (w workloads) mayHave(labels map[string]string) bool {
	return !apart(labels, w.labels) && !slices.ContainsFunc(w.but, func(r *DestinationRule) bool { return picked(r.Selector, labels) })
}

// apart reports whether no workload has both sets of labels.
func apart(a, b map[string]string) bool {
	for key, value := range a {
		if other, both := b[key]; both && other != value {
			return true
		}
	}
	return false
}

// leavesOut reports whether a route is not for the workloads of a namespace that a
// workloadSelector picks, or for those that none picks, because of sourceLabels: its own
// ask for other labels, or those of an earlier route of the VirtualService for these, and
// that one leaves nothing over [3.3, 4.5].
func (v *View) leavesOut(d *Delivery, of workloads) bool {
	if len(of.labels) == 0 && len(of.but) == 0 {
		return false
	}
	section := d.Route.Section
	matches := d.Matches
	if len(matches) == 0 {
		matches = []*Match{{}}
	}
	before := v.matchesBefore(d)
	return !slices.ContainsFunc(matches, func(m *Match) bool {
		if !m.isFor(section, of.namespace) || m.labeled(section) && !of.mayHave(m.SourceLabels) {
			return false
		}
		return !slices.ContainsFunc(before, func(e *Match) bool { return v.takesAllOf(e, m, section, of) })
	})
}

// matchesBefore are the matches of the earlier routes of the same VirtualService and
// section that do anything.
func (v *View) matchesBefore(d *Delivery) []*Match {
	var before []*Match
	section := d.Route.Section
	for _, earlier := range v.expanded(d.Root) {
		if earlier.From == d.From && earlier.Route == d.Route {
			break
		}
		if earlier.Route.Section == section && (section == SectionHTTP || len(earlier.Route.Destinations) > 0) {
			before = append(before, earlier.Matches...)
		}
	}
	return before
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

// takesAllOf reports whether a match with sourceLabels that workloads have leaves nothing
// of another to them.
func (v *View) takesAllOf(e, m *Match, section Section, of workloads) bool {
	if !e.labeled(section) || !picked(e.SourceLabels, of.labels) || len(of.labels) == 0 {
		return false
	}
	bare := *e
	bare.SourceLabels = nil
	if section == SectionHTTP && !bare.CatchAll(section) {
		return false
	}
	return v.CoversWherever(&bare, m, section)
}
