package rules

import (
	"fmt"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// lookups is what the clients of a host may get of its DestinationRules.
type lookups struct {
	clients []clientLookups
	// settled is true where the namespace that serves the host is known.
	settled bool
}

type clientLookups struct {
	mesh.Client

	found []mesh.Effective
}

func lookUp(host *mesh.Host) lookups {
	l := lookups{settled: host.Declared() && !mesh.IsWildcard(host.Name)}
	for _, client := range host.Everyone() {
		l.clients = append(l.clients, clientLookups{client, host.Lookups(client)})
	}
	return l
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

// before returns the fragments that are merged before one, and are for the same
// workloads: one with a workloadSelector is there to replace what is for all.
func before(found mesh.Effective, r *mesh.DestinationRule) []*mesh.DestinationRule {
	if !found.Gives(r) {
		return nil
	}
	var before []*mesh.DestinationRule
	for _, other := range found.Fragments {
		if other == r {
			break
		}
		if (other.Selector == nil) == (r.Selector == nil) {
			before = append(before, other)
		}
	}
	return before
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

// sidecarsOf returns the viewpoints of the sidecars of some namespaces.
func sidecarsOf(namespaces mesh.Namespaces) mesh.Viewpoints {
	var sidecars mesh.Viewpoints
	sidecars.Set(mesh.Viewpoint{}, namespaces.Has(""))
	for _, name := range namespaces.Named() {
		sidecars.Set(mesh.Viewpoint{Namespace: name}, namespaces.Has(name))
	}
	return sidecars
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
