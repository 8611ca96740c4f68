package admit

import (
	"context"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// judge returns what a change brings into a mesh, by what becomes of it. It returns
// an error where ctx is done before.
func (v *Routing) judge(ctx context.Context, r *review, before *mesh.Snapshot) (fates, error) {
	verdict, err := v.Engine.ChangeContext(ctx, before, r.change)
	if err != nil {
		return fates{}, err
	}
	found := r.decide(verdict.Introduced)
	if r.applier == "" || len(found.deny) == 0 {
		return found, nil
	}
	return v.spareConflicts(ctx, r, before, found)
}

// spareConflicts takes what an object of an applier has against others of its kind
// out of what is to be denied: a host that another claims, say, and that leaves it
// with the same delivery. Such a fault is none without these others. What is wrong
// without them is the object's own, even where they hide it for now.
func (v *Routing) spareConflicts(ctx context.Context, r *review, before *mesh.Snapshot, found fates) (fates, error) {
	others := rivals(r.change.Ref(), found.deny)
	if len(others) == 0 {
		return found, nil
	}
	alone, err := v.Engine.ChangeContext(ctx, before.Apply(others...), r.change)
	if err != nil {
		return fates{}, err
	}
	own := identities(alone.Introduced, alone.Standing)
	denied := found.deny
	found.deny = nil
	for _, f := range denied {
		if own[f.Identity()] {
			found.deny = append(found.deny, f)
		} else {
			found.delivered = append(found.delivered, f)
		}
	}
	known := identities(denied)
	for _, f := range r.decide(alone.Introduced).deny {
		if !known[f.Identity()] {
			found.deny = append(found.deny, f)
		}
	}
	return found, nil
}

func identities(lists ...[]rule.Finding) map[rule.Identity]bool {
	all := map[rule.Identity]bool{}
	for _, f := range slices.Concat(lists...) {
		all[f.Identity()] = true
	}
	return all
}

// rivals are the deletions of all objects of the same kind that findings rest on.
func rivals(changed mesh.Ref, found []rule.Finding) []mesh.Change {
	var others []mesh.Change
	for _, f := range found {
		for _, related := range f.Related {
			if other := related.Object; other.Kind == changed.Kind && other.Ref != changed {
				others = append(others, mesh.Change{Old: other})
			}
		}
	}
	return others
}
