package mesh

import (
	"slices"
	"strings"
)

// Lookups returns what a client may get of the DestinationRules for the host, once
// for each namespace that the host may be served from: those that give it to the
// client, or any that has rules for it where nothing declares the host. What a
// wildcard covers may be served from anywhere. It is empty for a client that is
// given no such host, and for one that stands for another host.
func (h *Host) Lookups(c Client) []Effective {
	if !h.Declared() || IsWildcard(h.Name) {
		found := []Effective{h.effective(c, "")}
		for _, namespace := range h.exporting() {
			found = append(found, h.effective(c, namespace))
		}
		return found
	}
	return h.LookupsAsDeclared(c)
}

// LookupsAsDeclared returns what a client is given of the DestinationRules for the host
// by those that declare it, for a wildcard as for any other: once for each namespace
// that may give it to the client, and nothing where none does.
func (h *Host) LookupsAsDeclared(c Client) []Effective {
	var found []Effective
	for _, service := range h.Services(c.namespace) {
		if service.Alias == "" {
			found = append(found, h.effective(c, service.By.Namespace))
		}
	}
	return found
}

// Policy returns the traffic policy that counts, that of the first fragment that
// has one [3.4], and that fragment.
func (e Effective) Policy() (policy string, of *DestinationRule) {
	for _, r := range e.Fragments {
		if r.Policy != "" {
			return r.Policy, r
		}
	}
	return "", nil
}

// Gives reports whether a client is given what a fragment says.
func (e Effective) Gives(r *DestinationRule) bool { return slices.Contains(e.Fragments, r) }

// PassedFor returns the rule in whose favour a fragment was passed over, or nil.
func (e Effective) PassedFor(r *DestinationRule) *DestinationRule {
	for _, p := range e.Passed {
		if p.Rule == r {
			return p.By
		}
	}
	return nil
}

// Subset returns the subset of that name as the fragment defines it.
func (d *DestinationRule) Subset(name string) (Subset, bool) {
	for _, s := range d.Subsets {
		if s.Name == name {
			return s, true
		}
	}
	return Subset{}, false
}

// LeadsTo reports whether the lookup of a client for the host passes where a
// fragment is found, whatever other rules may be found before it [3.2].
func (h *Host) LeadsTo(r *DestinationRule, c Client) bool {
	root := h.cfg.RootNamespace
	if r.By.Namespace == c.namespace && r.local && (c.namespace != root || r.private) {
		return true
	}
	if r.private || !r.seenFrom(c.namespace) {
		return false
	}
	if r.By.Namespace == root || !h.Declared() || IsWildcard(h.Name) {
		return true
	}
	return slices.ContainsFunc(h.Services(c.namespace), func(s Service) bool {
		return s.Alias == "" && s.By.Namespace == r.By.Namespace
	})
}

// SameSubset reports whether two definitions of a subset say the same.
func SameSubset(a, b Subset) bool {
	return a.Policy == b.Policy && slices.Equal(labelPairs(a.Labels), labelPairs(b.Labels))
}

// Selects returns the labels of the subset as people write them: "version=v1,…".
func (s Subset) Selects() string { return strings.Join(labelPairs(s.Labels), ",") }
