package mesh

import (
	"maps"
	"slices"
)

// Host returns all that is said of one host, by its full name.
func (v *View) Host(name string) *Host {
	h, known := v.hosts[name]
	if !known {
		h = v.lookUp(name)
		v.hosts[name] = h
	}
	return h
}

func (v *View) lookUp(name string) *Host {
	h := &Host{Name: name, view: v, cfg: v.snapshot.cfg}
	var space keySpace
	key := appendHostKey(space[:0], name)
	if e := v.snapshot.exact.get(key); e != nil {
		h.Declarations = e.declarations
		if len(e.rules) > 0 {
			h.rules = append(h.rules, e.rules)
		}
	}
	exact := len(h.rules)
	for tail, e := range v.snapshot.wildcards.over(key) {
		if len(e.rules) > 0 && (!IsWildcard(name) || len(tail) < len(name)-1) {
			h.rules = append(h.rules, e.rules)
		}
	}
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

	view *View
	cfg  *Config
	// targets are worked out once they are asked for, and so are those that claim it.
	targets  []*Target
	targeted bool
	claiming []*VirtualService
	asked    bool
	parts    []string
	parted   bool
	services map[string][]Service // by the namespace of the client
	sole     []Service            // where there is one declaration
	ports    []portsFor           // there
	everyone []Client
	// rules has the fragments for the host itself and for each wildcard that
	// covers it, the most specific first; those of one host in merge order.
	rules [][]*DestinationRule
	// fragments are all of them, and selective those that pick some workloads.
	fragments, selective []*DestinationRule
	// single is the last of them that was merged with none.
	single *single
}

// Declared reports whether anything declares the host.
func (h *Host) Declared() bool { return len(h.Declarations) > 0 }

// Fragments returns every DestinationRule that could apply to the host: those
// for the most specific host first, those for one host in merge order. They must
// not be changed.
func (h *Host) Fragments() []*DestinationRule { return h.fragments }

// Own returns the DestinationRules for this very host, in merge order. They must
// not be changed.
func (h *Host) Own() []*DestinationRule {
	if len(h.rules) > 0 && h.rules[0][0].Host == h.Name {
		return h.rules[0]
	}
	return nil
}

// Effective is what clients of one viewpoint get of the DestinationRules for a
// host: fragments merged into one.
type Effective struct {
	// Fragments are the DestinationRules that were merged, in merge order.
	Fragments []*DestinationRule
	// Subsets are the subsets, in order; of two that have the same name the first
	// counts [3.4].
	Subsets []Subset
	// Passed are the DestinationRules that were found on the way and are for this
	// client as well, but of which it is given nothing [3.3, 3.5].
	Passed []Passed
}

// Passed is a DestinationRule of which a client is given nothing, although it was
// found and is for it.
type Passed struct {
	Rule *DestinationRule
	// By is the rule that the client is given instead, or the one that Rule was
	// merged into where that is not for the client.
	By *DestinationRule
}

// Has reports whether the subset is defined.
func (e Effective) Has(subset string) bool {
	_, defined := e.Subset(subset)
	return defined
}

// Subset returns the subset of that name, and whether it is defined.
func (e Effective) Subset(name string) (Subset, bool) {
	for _, s := range e.Subsets {
		if s.Name == name {
			return s, true
		}
	}
	return Subset{}, false
}

// effective returns the rule that a client uses for the host, when its service
// lives in the namespace serving [3.2, 3.3]. The first step of the search that
// knows the host ends it, even where nothing of what it found is for this client.
func (h *Host) effective(c Client, serving string) Effective {
	root := h.cfg.RootNamespace
	own := func(r *DestinationRule) bool {
		return r.By.Namespace == c.namespace && r.local && (c.namespace != root || r.private)
	}
	found, all := h.merged(own)
	if found == nil {
		return h.exported(c, serving)
	}
	effective := pick(found, all, c)
	if c.namespace == root {
		effective.Passed = append(effective.Passed, h.behind(found, effective, c, serving)...)
	}
	return effective
}

// exported returns what a client is given whose own namespace has nothing for it.
func (h *Host) exported(c Client, serving string) Effective {
	var absorbed []Passed
	for _, namespace := range []string{serving, h.cfg.RootNamespace} {
		exported := func(r *DestinationRule) bool { return r.By.Namespace == namespace && !r.private }
		list, all := h.merged(exported)
		found := dropped(list, func(m *mergedRule) bool { return !m.first().seenFrom(c.namespace) })
		all = dropped(all, func(r *DestinationRule) bool { return !r.seenFrom(c.namespace) })
		if len(found) == 0 {
			for _, r := range all { // what it was merged into is hidden from the client
				absorbed = append(absorbed, Passed{r, holding(list, r)})
			}
			continue
		}
		effective := pick(found, all, c)
		effective.Passed = append(absorbed, effective.Passed...)
		return effective
	}
	return Effective{Passed: absorbed}
}

// behind returns what a client of the root namespace is not given as its search ends
// at a private rule there: the public rules of that namespace for the same host, if
// it would have got to them [3.2]. In any other namespace the two meet in one bucket.
func (h *Host) behind(found []*mergedRule, given Effective, c Client, serving string) []Passed {
	by := found[0].first()
	if len(given.Fragments) > 0 {
		by = given.Fragments[0]
	}
	if slices.ContainsFunc(h.fragments, func(r *DestinationRule) bool {
		return r.By.Namespace == c.namespace && r.local && r.private && r.Host != by.Host
	}) {
		return nil // it would end at that one
	}
	otherwise := h.exported(c, serving)
	missed := slices.Clone(otherwise.Fragments)
	for _, p := range otherwise.Passed {
		missed = append(missed, p.Rule)
	}
	var behind []Passed
	for _, r := range missed {
		if r.By.Namespace == c.namespace && r.Host == by.Host {
			behind = append(behind, Passed{r, by})
		}
	}
	return behind
}

// merged merges the fragments of one bucket that are for the most specific host
// that the bucket has: rules for different hosts never mix [3.2]. It returns the
// merged rules, and all fragments that took part.
func (h *Host) merged(bucket func(*DestinationRule) bool) (list []*mergedRule, all []*DestinationRule) {
	for _, rules := range h.rules {
		first := slices.IndexFunc(rules, bucket)
		if first < 0 {
			continue
		}
		if !slices.ContainsFunc(rules[first+1:], bucket) {
			all = rules[first : first+1 : first+1]
			return h.unmerged(all), all
		}
		for _, r := range rules[first:] {
			if bucket(r) {
				list, all = merge(list, r), append(all, r)
			}
		}
		return list, all
	}
	return nil, nil
}

// single is a fragment that is merged with no other, as most are.
type single struct {
	mergedRule

	list [1]*mergedRule
}

// unmerged is what merging comes to where there is but one fragment. Most hosts have no
// other, and are asked about it for each client.
func (h *Host) unmerged(all []*DestinationRule) []*mergedRule {
	if h.single == nil || h.single.first() != all[0] {
		h.single = &single{mergedRule: mergedRule{Effective{Fragments: all}}}
		h.single.Subsets = all[0].distinct()
		h.single.list[0] = &h.single.mergedRule
	}
	return h.single.list[:]
}

// pick chooses among the rules of a bucket [3.3]: the first whose selector picks
// the client, else the last without a selector.
func pick(list []*mergedRule, all []*DestinationRule, c Client) Effective {
	var plain *mergedRule
	for _, m := range list {
		selector := m.first().Selector
		if selector == nil {
			plain = m
			continue
		}
		if m.first().By.Namespace == c.namespace && picked(selector, c.labels) {
			return m.passing(list, all, c)
		}
	}
	if plain == nil {
		plain = &mergedRule{}
	}
	return plain.passing(list, all, c)
}

// passing returns what a client gets, with the fragments that it is not given
// although they are for it.
func (m *mergedRule) passing(list []*mergedRule, all []*DestinationRule, c Client) Effective {
	effective := m.Effective
	if len(all) == len(m.Fragments) {
		return effective
	}
	for _, r := range all {
		if !picked(r.Selector, c.labels) || slices.Contains(m.Fragments, r) {
			continue
		}
		by := holding(list, r)
		if len(m.Fragments) > 0 {
			by = m.first()
		}
		effective.Passed = append(effective.Passed, Passed{r, by})
	}
	return effective
}

// holding returns the first fragment of a rule that a fragment was merged into.
func holding(list []*mergedRule, r *DestinationRule) *DestinationRule {
	for _, m := range list {
		if slices.Contains(m.Fragments, r) {
			return m.first()
		}
	}
	return r
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
		if !m.Has(subset.Name) {
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
	return maps.Equal(a.Selector, b.Selector)
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
