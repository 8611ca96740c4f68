package mesh

import (
	"maps"
	"slices"
)

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

// with are those of the workloads that have some more labels.
func (w workloads) with(labels map[string]string) workloads {
	all := maps.Clone(labels)
	maps.Copy(all, w.labels)
	return workloads{namespace: w.namespace, labels: all, but: w.but}
}

// leads reports whether a route may be for any of some workloads: a Sidecar that is for
// them imports it, its sourceLabels do not ask for other labels, and an earlier route of
// the VirtualService does not take all of it from those who have the labels that it asks
// for [3.3, 4.5].
func (v *View) leads(d *Delivery, to workloads) bool {
	section := d.Route.Section
	matches := d.Matches
	if len(matches) == 0 {
		matches = []*Match{{}}
	}
	var before []*Match
	if len(to.labels) > 0 || d.Labeled {
		before = v.matchesBefore(d)
	}
	return slices.ContainsFunc(matches, func(m *Match) bool {
		if m.Port != 0 && !v.servedOn(d.Root, section, m.Port).Has(to.namespace) {
			return false
		}
		whom := to
		if m.labeled(section) {
			if !to.mayHave(m.SourceLabels) {
				return false
			}
			whom = to.with(m.SourceLabels)
		}
		return m.isFor(section, to.namespace) && v.gives(d.Root, section, m.Port, whom) &&
			!slices.ContainsFunc(before, func(e *Match) bool { return v.takesAllOf(e, m, section, whom) })
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
