package mesh

import "slices"

// View is what a rule may see of a snapshot: lookups by key, and nothing that
// walks, so that the cost of judging a change follows the host and not the mesh.
type View struct {
	snapshot *Snapshot
}

// View returns the snapshot's lookups.
func (s *Snapshot) View() View { return View{snapshot: s} }

// Host returns all that is said of one host, by its full name.
func (v View) Host(name string) *Host {
	h := &Host{Name: name, cfg: v.snapshot.cfg}
	key := hostKey(name)
	if e, ok := v.snapshot.exact.Get(key); ok {
		h.Declarations, h.Targets = e.declarations, e.targets
		if len(e.rules) > 0 {
			h.rules = append(h.rules, e.rules)
		}
	}
	exact := len(h.rules)
	v.snapshot.wildcards.Root().WalkPath(key, func(tail []byte, e *entry) bool {
		if len(e.rules) > 0 && "*"+unkey(tail) != name {
			h.rules = append(h.rules, e.rules)
		}
		return false
	})
	// The walk meets the shortest tail, the least specific, first [1.8].
	slices.Reverse(h.rules[exact:])
	if len(h.rules) == 1 {
		h.fragments = h.rules[0] // the usual case costs no copy
	} else {
		h.fragments = slices.Concat(h.rules...)
	}
	for _, r := range h.fragments {
		if len(r.Selector) > 0 {
			h.selective = append(h.selective, r)
		}
	}
	return h
}

// Host is all that is said of one host: who declares it, who routes to it, and
// which DestinationRules could apply to it.
type Host struct {
	Name         string
	Declarations []*Declaration // oldest first
	Targets      []*Target      // by VirtualService, in the order of its routes

	cfg *Config
	// rules has the fragments for the host itself and for each wildcard that
	// covers it, the most specific first; those of one host in merge order.
	rules [][]*DestinationRule
	// fragments are all of them, and selective those that pick some workloads.
	fragments, selective []*DestinationRule
}

// Declared reports whether anything declares the host.
func (h *Host) Declared() bool { return len(h.Declarations) > 0 }

// services returns the entries of the registry that clients of a namespace may be
// given for the host [1.10]: their own namespace's, else a Kubernetes Service,
// else any that they see. A Service is there for its own namespace even where it
// hides itself from it [2.2].
func (h *Host) services(client string) []*Declaration {
	var seen []*Declaration
	for _, d := range h.Declarations {
		if d.By.Namespace == client {
			return []*Declaration{d}
		}
		if d.Visible.Has(client) {
			seen = append(seen, d)
		}
	}
	for _, d := range seen {
		if d.By.Kind == KindService {
			return []*Declaration{d}
		}
	}
	return seen
}

// Fragments returns every DestinationRule that could apply to the host: those
// for the most specific host first, those for one host in merge order. They must
// not be changed.
func (h *Host) Fragments() []*DestinationRule { return h.fragments }

// Effective is what clients of one viewpoint get of the DestinationRules for a
// host: fragments merged into one.
type Effective struct {
	// Fragments are the DestinationRules that were merged, in merge order.
	Fragments []*DestinationRule
	// Subsets are the names of the subsets, in order; of two that have the same
	// name the first counts [3.4].
	Subsets []string
}

// Has reports whether the subset is defined.
func (e Effective) Has(subset string) bool { return slices.Contains(e.Subsets, subset) }

// effective returns the rule that a client uses for the host, when its service
// lives in the namespace serving [3.2, 3.3]. The first step of the search that
// knows the host ends it, even where nothing of what it found is for this client.
func (h *Host) effective(c Client, serving string) Effective {
	root := h.cfg.RootNamespace
	own := func(r *DestinationRule) bool {
		return r.By.Namespace == c.namespace && r.local && (c.namespace != root || r.private)
	}
	if found := h.merged(own); found != nil {
		return pick(found, c)
	}
	for _, namespace := range []string{serving, root} {
		exported := func(r *DestinationRule) bool { return r.By.Namespace == namespace && !r.private }
		found := slices.DeleteFunc(h.merged(exported), func(m *mergedRule) bool { return !m.first().seenFrom(c.namespace) })
		if len(found) > 0 {
			return pick(found, c)
		}
	}
	return Effective{}
}

// merged merges the fragments of one bucket that are for the most specific host
// that the bucket has: rules for different hosts never mix [3.2].
func (h *Host) merged(bucket func(*DestinationRule) bool) []*mergedRule {
	for _, rules := range h.rules {
		var list []*mergedRule
		for _, r := range rules {
			if bucket(r) {
				list = merge(list, r)
			}
		}
		if list != nil {
			return list
		}
	}
	return nil
}

// pick chooses among the rules of a bucket [3.3]: the first whose selector picks
// the client, else the last without a selector.
func pick(list []*mergedRule, c Client) Effective {
	var plain *mergedRule
	for _, m := range list {
		selector := m.first().Selector
		if selector == nil {
			plain = m
			continue
		}
		if m.first().By.Namespace == c.namespace && selects(selector, c.labels) {
			return m.Effective
		}
	}
	if plain == nil {
		return Effective{}
	}
	return plain.Effective
}

func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// mergedRule is a rule that fragments are merged into. Its exportTo and selector
// stay those of its first fragment.
type mergedRule struct {
	Effective
}

func (m *mergedRule) first() *DestinationRule { return m.Fragments[0] }

func (m *mergedRule) add(r *DestinationRule) {
	m.Fragments = append(m.Fragments, r)
	for _, subset := range r.Subsets {
		if !m.Has(subset) {
			m.Subsets = append(m.Subsets, subset)
		}
	}
}

// merge takes one more fragment into a bucket's list as istiod does [3.5]. The
// surprises are istiod's: whether the fragment also stands for itself is decided
// by the last rule of the list alone, whatever it was merged into before.
func merge(list []*mergedRule, r *DestinationRule) []*mergedRule {
	standsAlone := true
	for _, m := range list {
		into := m.first()
		if !sameSet(r.exportTo, into.exportTo) {
			standsAlone = true
			if len(into.exportTo) == 0 || !superset(r.exportTo, into.exportTo) {
				continue
			}
		} else {
			standsAlone = false
		}
		if r.Selector != nil && into.Selector != nil && !sameSelector(r, into) {
			standsAlone = true
			continue
		}
		if (r.Selector == nil) == (into.Selector == nil) {
			standsAlone = false
		}
		m.add(r)
	}
	if !standsAlone {
		return list
	}
	alone := &mergedRule{}
	alone.add(r)
	return append(list, alone)
}

func sameSelector(a, b *DestinationRule) bool {
	return selects(a.Selector, b.Selector) && selects(b.Selector, a.Selector)
}

func sameSet(a, b []string) bool { return superset(a, b) && superset(b, a) }

func superset(a, b []string) bool {
	for _, element := range b {
		if !slices.Contains(a, element) {
			return false
		}
	}
	return true
}
