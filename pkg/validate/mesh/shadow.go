package mesh

// Shadow is where earlier routes of the same VirtualService leave a route nothing.
type Shadow struct {
	// Reach are those whose requests go elsewhere: all of them, but for what pods send
	// that sourceLabels pick.
	Reach Reach
	// By is the first route that does something else with them.
	By *Delivery
	// Labeled is true where the route is left to the pods that sourceLabels pick.
	Labeled bool
}

// taking is who a route takes something from.
type taking struct {
	by    *Delivery
	reach Reach
}

// ShadowOf returns the shadow that earlier routes of a VirtualService cast on one of its
// routes, and whether there is any where it makes a difference.
func (v *View) ShadowOf(d *Delivery, before []*Delivery) (Shadow, bool) {
	var shadow Shadow
	reach := d.Reach
	if reach.IsEmpty() { // else it is for those whom earlier ones leave it
		reach = d.Buried
	}
	var takers []taking
	var dead, reached Reach
	for _, m := range matchesOf(d) {
		taken, rest := v.takenFrom(d, m, reach, before)
		for _, t := range taken {
			if !t.by.SameEffect(d) {
				takers = append(takers, t)
				dead = dead.or(t.reach)
			}
		}
		if m.labeled(d.Route.Section) {
			shadow.Labeled = shadow.Labeled || !rest.IsEmpty()
		} else {
			reached = reached.or(rest)
		}
	}
	shadow.Reach = dead.minus(reached)
	if shadow.Reach.covers(reach) {
		shadow.Reach = shadow.Reach.or(d.Buried) // then it is for nobody at all
	}
	for _, t := range takers {
		if !t.reach.minus(reached).IsEmpty() {
			shadow.By = t.by
			break
		}
	}
	return shadow, shadow.By != nil
}

// matchesOf returns the matches of a route: for one without any, that which asks nothing.
func matchesOf(d *Delivery) []*Match {
	if len(d.Matches) == 0 && d.Route.Section != SectionTLS {
		return []*Match{{}}
	}
	return d.Matches
}

// takenFrom returns who of a reach earlier routes take all from that a match of a route
// asks for, in their order, and those to whom it is left.
func (v *View) takenFrom(d *Delivery, m *Match, reach Reach, before []*Delivery) (takers []taking, rest Reach) {
	rest = m.given(d.Route.Section, reach)
	if m.Port != 0 {
		rest, _ = v.listening(d.Root, d.Route.Section, m.Port, rest)
	}
	for _, earlier := range before {
		if earlier.Route.Section != d.Route.Section {
			continue
		}
		for _, e := range matchesOf(earlier) {
			taken := v.takes(d, e, m, rest)
			if taken.IsEmpty() {
				continue
			}
			takers = append(takers, taking{earlier, taken})
			if rest = rest.minus(taken); rest.IsEmpty() {
				return takers, rest
			}
		}
	}
	return takers, rest
}

// takes returns those of a reach from whom a match takes all that one of a route asks for,
// which stands behind it in the VirtualService and is for all of them.
func (v *View) takes(d *Delivery, e, m *Match, reach Reach) Reach {
	section := d.Route.Section
	if !v.takesAtSidecars(e, m, section) {
		if section == SectionHTTP {
			return Reach{}
		}
		reach.Sidecars = Namespaces{}
	}
	if !e.takesAtGateways(m, section) {
		reach.Gateways = nil
	}
	reach = e.given(section, reach)
	if e.Port == 0 || e.Port == m.Port {
		return reach
	}
	_, only := v.listening(d.Root, section, e.Port, reach)
	return only
}
