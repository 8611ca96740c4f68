package rules

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// lookups is what the clients of a host may get of its DestinationRules.
type lookups struct {
	clients []clientLookups
	// settled is true where the namespace that serves the host is known.
	settled bool
}

// passing is a fragment that is passed over, and the one in whose favour.
type passing struct {
	rule, by *mesh.DestinationRule
}

type clientLookups struct {
	mesh.Client

	found []mesh.Effective
}

func lookUp(host *mesh.Host) lookups {
	l := lookups{
		settled: host.Declared() && !mesh.IsWildcard(host.Name),
	}
	everyone := host.Everyone()
	l.clients = make([]clientLookups, 0, len(everyone))
	for _, client := range everyone {
		l.clients = append(l.clients, clientLookups{client, host.Lookups(client)})
	}
	return l
}

// all are the lookups of all clients.
func (l lookups) all() iter.Seq[mesh.Effective] {
	return func(yield func(mesh.Effective) bool) {
		for _, client := range l.clients {
			for _, found := range client.found {
				if !yield(found) {
					return
				}
			}
		}
	}
}

// given are the fragments that any client is given.
func (l lookups) given() map[*mesh.DestinationRule]bool {
	given := map[*mesh.DestinationRule]bool{}
	for found := range l.all() {
		for _, r := range found.Fragments {
			given[r] = true
		}
	}
	return given
}

// losses returns which of some fragments are passed over in favour of which others,
// in their order. The pairs that no client meets are left out, so that a host with
// many fragments costs what its clients find and not the product of all.
func (l lookups) losses(fragments []*mesh.DestinationRule) []passing {
	place := make(map[*mesh.DestinationRule]int, len(fragments))
	for i, r := range fragments {
		place[r] = i
	}
	passed := map[passing]bool{}
	for found := range l.all() {
		for _, p := range found.Passed {
			_, rule := place[p.Rule]
			if _, by := place[p.By]; rule && by {
				passed[passing{p.Rule, p.By}] = true
			}
		}
	}
	losses := slices.Collect(maps.Keys(passed))
	slices.SortFunc(losses, func(a, b passing) int {
		return cmp.Or(cmp.Compare(place[a.rule], place[b.rule]), cmp.Compare(place[a.by], place[b.by]))
	})
	return losses
}

// where returns the viewpoints for which something is so, and whether it is so for
// any of them wherever the host is served from. While that is not settled, the
// viewpoints are those for which it may be so: whoever declares the host must not
// be blamed for what is there already.
func (l lookups) where(so func(mesh.Effective) bool) (who mesh.Viewpoints, certain bool) {
	for _, client := range l.clients {
		n := 0
		for _, found := range client.found {
			if so(found) {
				n++
			}
		}
		all := n > 0 && n == len(client.found)
		who.Set(client.Viewpoint, all || n > 0 && !l.settled)
		certain = certain || all
	}
	return who, certain
}

// ever reports whether something is so for any client.
func (l lookups) ever(so func(mesh.Effective) bool) bool {
	return slices.ContainsFunc(l.clients, func(client clientLookups) bool { return slices.ContainsFunc(client.found, so) })
}

// replaces reports whether a fragment that counts takes the place of another one that a
// client is given as well, by accident: one with a workloadSelector is there to replace
// what is for all.
func replaces(counts, r *mesh.DestinationRule, found mesh.Effective) bool {
	return counts != r && (counts.Selector == nil) == (r.Selector == nil) && found.Gives(r)
}

// already says that something stands in an earlier object too, without calling it
// earlier where no age tells.
func already(earlier, later *mesh.Object, what string) string {
	if _, known := earlier.Older(later); known {
		return fmt.Sprintf("%s already by %s, and istiod drops this one", what, earlier)
	}
	return fmt.Sprintf("%s by %s as well, and istiod keeps only that of the older", what, earlier)
}

// exportedTo returns the viewpoints that a DestinationRule is written for.
func exportedTo(r *mesh.DestinationRule) mesh.Viewpoints {
	var to mesh.Viewpoints
	if r.Private() {
		to.Set(mesh.Viewpoint{Namespace: r.By.Namespace}, true)
		return to
	}
	for _, name := range r.ExportTo() {
		switch name {
		case "*":
			return everyone()
		case ".":
			to.Set(mesh.Viewpoint{Namespace: r.By.Namespace}, true)
		case "~":
		default:
			to.Set(mesh.Viewpoint{Namespace: name}, true)
		}
	}
	if to.IsEmpty() {
		return everyone()
	}
	return to
}

// everyone is the sidecars of every namespace.
func everyone() mesh.Viewpoints {
	var all mesh.Viewpoints
	all.Set(mesh.Viewpoint{}, true)
	return all
}

// counted is "subset a", or "subsets a, b".
func counted(noun string, names []string) string {
	if len(names) != 1 {
		noun += "s"
	}
	return noun + " " + listed(names)
}

func subsetNames(subsets []mesh.Subset) []string {
	names := make([]string, 0, len(subsets))
	for _, s := range subsets {
		names = append(names, s.Name)
	}
	return names
}
