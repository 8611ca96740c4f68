package mesh

import "slices"

// facts is what one object says, host by host.
type facts struct {
	declarations []*Declaration
	rules        []*DestinationRule
	targets      []*Target
}

func (f *facts) declare(d *Declaration)  { f.declarations = append(f.declarations, d) }
func (f *facts) rule(r *DestinationRule) { f.rules = append(f.rules, r) }
func (f *facts) target(t *Target)        { f.targets = append(f.targets, t) }

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

// inserted returns a copy of a sorted list with one more element, after those
// that compare equal.
func inserted[T any](list []T, element T, compare func(a, b T) int) []T {
	at, _ := slices.BinarySearchFunc(list, element, func(a, b T) int {
		if compare(a, b) <= 0 {
			return -1
		}
		return 1
	})
	longer := make([]T, 0, len(list)+1)
	longer = append(longer, list[:at]...)
	longer = append(longer, element)
	return append(longer, list[at:]...)
}

func declaredBefore(a, b *Declaration) int { return older(a.By, b.By) }

func mergedBefore(a, b *DestinationRule) int { return a.precedes(b) }

// targetedBefore keeps the targets of one object together and in their order.
func targetedBefore(a, b *Target) int {
	return a.By.Ref.Compare(b.By.Ref)
}
