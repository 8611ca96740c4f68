package mesh

// Undelivered is a route of a root that istiod drops, or does not hand out as it is
// meant, because of what it delegates to [4.10].
type Undelivered struct {
	Root *VirtualService
	From *Route
	// Delegate is nil where there is none. Leaf is the route of the delegate that is
	// at fault, nil where it is the delegate as a whole.
	Delegate *VirtualService
	Leaf     *Route
	Why      WhyNoDelegate
	// Reach are those who would be given the route.
	Reach Reach
}

// More reasons for which a route is dropped [4.10].
const (
	DelegateNested    WhyNoDelegate = "delegates again"
	DelegateConflicts WhyNoDelegate = "conflicts"
	DelegateNoHTTP    WhyNoDelegate = "has no http routes"
)

// Undelivered returns what a VirtualService delegates in vain, in the order of its
// routes.
func (v *View) Undelivered(root *VirtualService) []*Undelivered {
	if root.Delegate() {
		return nil
	}
	bound := v.bound(root, SectionHTTP)
	bound.Sidecars = bound.Sidecars.Minus(v.lost(root, SectionHTTP))
	vain := v.undelivered(root, bound, v.listening)
	for _, u := range v.undelivered(root, v.redirecting(root), v.redirectingOn) {
		if u.Why == DelegateNested { // no request misses the others
			vain = append(vain, u)
		}
	}
	return vain
}

// undelivered is Undelivered for those that the VirtualService is bound to, and for what
// a port in a match leaves of them.
func (v *View) undelivered(root *VirtualService, bound Reach, on listening) []*Undelivered {
	var vain []*Undelivered
	var taken Reach
	for _, from := range root.Routes {
		if from.Section != SectionHTTP {
			continue
		}
		own := &Delivery{Root: root, Matches: from.Matches, Route: from}
		given, everything := own.narrowed(bound, on)
		if from.Delegate == "" {
			taken = taken.or(everything)
			continue
		}
		failing, handedOut := v.delegation(root, from)
		for _, u := range failing {
			if u.Reach = given.minus(taken); !u.Reach.IsEmpty() {
				vain = append(vain, u)
			}
		}
		for _, d := range handedOut {
			_, everything := d.narrowed(bound, on)
			taken = taken.or(everything)
		}
	}
	return vain
}

// delegation returns what a route delegates in vain, and what it hands out.
func (v *View) delegation(root *VirtualService, from *Route) (vain []*Undelivered, handedOut []*Delivery) {
	delegate, why := v.Delegated(root, from)
	failed := func(why WhyNoDelegate, leaf *Route) {
		vain = append(vain, &Undelivered{Root: root, From: from, Delegate: delegate, Leaf: leaf, Why: why})
	}
	if why != "" {
		failed(why, nil)
		return vain, nil
	}
	http := false
	for _, leaf := range delegate.Routes {
		if leaf.Section != SectionHTTP {
			continue
		}
		http = true
		matches, ok := MergedMatches(from, leaf)
		if ok {
			handedOut = append(handedOut, &Delivery{Root: root, Matches: matches, Route: leaf})
		}
		switch {
		case leaf.Delegate != "":
			failed(DelegateNested, leaf)
		case !ok:
			failed(DelegateConflicts, leaf)
		}
	}
	if !http {
		failed(DelegateNoHTTP, nil)
	}
	return vain, handedOut
}

// Conflicting returns the first match of the delegate's route that goes with none
// of the root's, by its place, or -1.
func (u *Undelivered) Conflicting() int {
	for i, m := range u.Leaf.Matches {
		if _, ok := MergedMatches(u.From, &Route{Section: SectionHTTP, Matches: []*Match{m}}); !ok {
			return i
		}
	}
	return -1
}
