package audit

import (
	"cmp"
	"maps"
	"slices"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Ledger holds all findings of a mesh, by the key where they were found. It is
// kept by judging only the keys that a change touches, and yet is at every moment
// what judging the whole mesh would find.
type Ledger struct {
	engine   *validate.Engine
	decide   Decide
	judged   *mesh.Snapshot // nil before the first
	findings map[mesh.Key][]rule.Finding
	places   map[place]int         // at how many keys each was found
	errors   map[rule.Identity]int // how often each error was found
	counts   map[series]int        // places
}

// place is what makes one finding of those at several keys: a route of a delegate,
// say, is judged for each of its roots.
type place struct {
	rule.Identity
	path     string
	severity rule.Severity
}

func placeOf(f *rule.Finding) place { return place{f.Identity(), f.Path, f.Severity} }

// series is what findings are counted by, and the labels of their metric.
type series struct {
	rule     string
	severity rule.Severity
}

// NewLedger makes the ledger of an empty mesh, of what is left of findings once it was
// decided about them.
func NewLedger(engine *validate.Engine, decide Decide) *Ledger {
	return &Ledger{
		engine:   engine,
		decide:   decide,
		findings: map[mesh.Key][]rule.Finding{},
		places:   map[place]int{},
		errors:   map[rule.Identity]int{},
		counts:   map[series]int{},
	}
}

// Started reports whether any snapshot was judged.
func (l *Ledger) Started() bool { return l.judged != nil }

// Stands reports whether an error is in the ledger.
func (l *Ledger) Stands(id rule.Identity) bool { return l.errors[id] > 0 }

// All returns every finding, in order.
func (l *Ledger) All() []rule.Finding {
	one := make(map[place]rule.Finding, len(l.places))
	for _, key := range slices.SortedFunc(maps.Keys(l.findings), mesh.Key.Compare) {
		for _, f := range l.findings[key] {
			if first, twice := one[placeOf(&f)]; twice {
				first.Viewpoints = first.Viewpoints.Or(f.Viewpoints)
				f = first
			}
			one[placeOf(&f)] = f
		}
	}
	return slices.SortedFunc(maps.Values(one), func(a, b rule.Finding) int {
		return cmp.Or(a.Compare(&b), cmp.Compare(a.Severity, b.Severity))
	})
}

// Advance judges a newer snapshot, of which the objects that changed are known,
// and returns the errors that were not there before, one for each identity.
func (l *Ledger) Advance(now *mesh.Snapshot, changed []mesh.Ref) []rule.Finding {
	return l.judge(now, l.touched(now, changed))
}

// Again judges the same snapshot anew, all of it, and returns what Advance does.
func (l *Ledger) Again() []rule.Finding {
	keys := slices.AppendSeq(l.judged.Keys(), maps.Keys(l.findings))
	slices.SortFunc(keys, mesh.Key.Compare)
	return l.judge(l.judged, slices.Compact(keys))
}

func (l *Ledger) judge(now *mesh.Snapshot, keys []mesh.Key) []rule.Finding {
	before := map[rule.Identity]int{}
	var appeared []rule.Finding
	for key, found := range l.engine.EachAt(now, keys) {
		found := l.decide(now, found)
		l.tally(l.findings[key], -1, before)
		l.tally(found, +1, before)
		appeared = append(appeared, found...)
		if len(found) == 0 {
			delete(l.findings, key)
		} else {
			l.findings[key] = found
		}
	}
	l.judged = now
	return slices.DeleteFunc(appeared, func(f rule.Finding) bool {
		id := f.Identity()
		known := f.Severity != rule.Error || before[id] > 0
		before[id]++ // one of each is enough
		return known
	})
}

// touched returns the keys to judge anew.
func (l *Ledger) touched(now *mesh.Snapshot, changed []mesh.Ref) []mesh.Key {
	if l.judged == nil {
		return now.Touched(changed...)
	}
	refs := slices.DeleteFunc(slices.Clone(changed), func(ref mesh.Ref) bool {
		return unchanged(l.judged.Get(ref), now.Get(ref))
	})
	return validate.Touched(l.judged, now, refs...)
}

// unchanged reports whether two states of an object lead to the same findings,
// down to what these hold of the object itself.
func unchanged(a, b *mesh.Object) bool {
	return mesh.Same(a, b) && (a == nil || a.Created.Equal(b.Created) && a.Deleting == b.Deleting && a.APIVersion == b.APIVersion)
}

// tally counts findings in or out. Of each error it notes in before how often it
// was found at first.
func (l *Ledger) tally(found []rule.Finding, by int, before map[rule.Identity]int) {
	for i := range found {
		at := placeOf(&found[i])
		was, is := l.places[at], l.places[at]+by
		if was == 0 || is == 0 {
			l.counts[series{at.Rule, at.severity}] += by
		}
		count(l.places, at, is)
		if at.severity != rule.Error {
			continue
		}
		if _, noted := before[at.Identity]; !noted {
			before[at.Identity] = l.errors[at.Identity]
		}
		count(l.errors, at.Identity, l.errors[at.Identity]+by)
	}
}

// count keeps nothing of what there is none of.
func count[K comparable](of map[K]int, key K, is int) {
	if is == 0 {
		delete(of, key)
	} else {
		of[key] = is
	}
}
