package mesh

import "slices"

// facts is what one object says, by host.
type facts map[string]*entry

func (f facts) declare(d *Declaration) {
	f.of(d.Host).declarations = append(f.of(d.Host).declarations, d)
}
func (f facts) rule(r *DestinationRule) { f.of(r.Host).rules = append(f.of(r.Host).rules, r) }
func (f facts) target(t *Target)        { f.of(t.Host).targets = append(f.of(t.Host).targets, t) }

func (f facts) of(host string) *entry {
	if f[host] == nil {
		f[host] = &entry{}
	}
	return f[host]
}

// said returns what an object says in a mesh with these settings.
func said(object *Object, cfg *Config) facts {
	f := facts{}
	object.said.assert(object, cfg, f)
	return f
}

// entry is all that is said of one host, or of one wildcard, in the order in
// which istiod would take it. An entry is never changed, only replaced.
type entry struct {
	declarations []*Declaration
	rules        []*DestinationRule
	targets      []*Target
}

func (e *entry) isEmpty() bool {
	return len(e.declarations) == 0 && len(e.rules) == 0 && len(e.targets) == 0
}

// without returns a copy of the entry that holds nothing of one object.
func (e *entry) without(by Ref) *entry {
	return &entry{
		declarations: dropped(e.declarations, func(d *Declaration) bool { return d.By.Ref == by }),
		rules:        dropped(e.rules, func(r *DestinationRule) bool { return r.By.Ref == by }),
		targets:      dropped(e.targets, func(t *Target) bool { return t.By.Ref == by }),
	}
}

// dropped returns the list without some of its elements, and the list itself
// where it has none of them.
func dropped[T any](list []T, drop func(T) bool) []T {
	if !slices.ContainsFunc(list, drop) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// with returns a copy of the entry that holds what one more object says.
func (e *entry) with(more *entry) *entry {
	return &entry{
		declarations: spliced(e.declarations, more.declarations, func(a, b *Declaration) int { return older(a.By, b.By) }),
		rules:        spliced(e.rules, more.rules, (*DestinationRule).precedes),
		targets:      spliced(e.targets, more.targets, func(a, b *Target) int { return a.By.Ref.Compare(b.By.Ref) }),
	}
}

// spliced returns a copy of a sorted list with the elements of one more object,
// which stay together in their order: compare looks at objects only.
func spliced[T any](list, more []T, compare func(a, b T) int) []T {
	if len(more) == 0 {
		return list
	}
	at, _ := slices.BinarySearchFunc(list, more[0], func(a, b T) int {
		if compare(a, b) <= 0 {
			return -1
		}
		return 1
	})
	return slices.Concat(list[:at], more, list[at:])
}
