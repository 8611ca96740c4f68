// Package validate is the engine: it runs rules over a mesh, whole or at what a
// change touches, and says what the change brings in.
//
// It knows rules and snapshots. It must not know which rules there are (it is
// given them), nor admission, files, the API server, the clock or the environment.
package validate

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Engine runs a set of rules. It holds no state, so one serves every request.
type Engine struct {
	rules []*rule.Rule
}

// New makes an engine of some rules. It returns an error for a rule without
// name, text or code, and for two rules of one name.
func New(rules ...*rule.Rule) (*Engine, error) {
	names := make(map[string]bool, len(rules))
	for _, r := range rules {
		switch {
		case r.Name == "" || r.Run == nil || r.On == "" || r.Severity == "":
			return nil, fmt.Errorf("rule %q lacks a name, a severity, a subject or code", r.Name)
		case r.Doc.Title == "" || r.Doc.Why == "" || r.Doc.Fix == "":
			return nil, fmt.Errorf("rule %q is not documented", r.Name)
		case names[r.Name]:
			return nil, fmt.Errorf("two rules are called %q", r.Name)
		}
		names[r.Name] = true
	}
	return &Engine{rules: rules}, nil
}

// All returns every finding in a mesh, in order.
func (e *Engine) All(s *mesh.Snapshot) []rule.Finding {
	return e.At(s, s.Keys())
}

// At returns every finding at some keys of a mesh, in order.
func (e *Engine) At(s *mesh.Snapshot, keys []mesh.Key) []rule.Finding {
	found, _ := e.judge(s.View(), endless).at(keys)
	return found
}

// togetherMost is how many keys are judged with one memory: neighbours share most of what
// is worked out for them, and nothing is remembered of the whole mesh.
const togetherMost = 256

// EachAt yields each of some keys of a mesh with its findings, in order.
func (e *Engine) EachAt(s *mesh.Snapshot, keys []mesh.Key) iter.Seq2[mesh.Key, []rule.Finding] {
	return func(yield func(mesh.Key, []rule.Finding) bool) {
		for together := range slices.Chunk(keys, togetherMost) {
			judge := e.judge(s.View(), endless)
			for i, key := range together {
				found, _ := judge.at(together[i : i+1])
				if !yield(key, found) {
					return
				}
			}
		}
	}
}

// endless ends no judgement.
func endless() error { return nil }

// judge runs the rules over what a view sees.
type judge struct {
	rules []*rule.Rule
	ended func() error
	// pass is that of all runs: none of them keeps it.
	pass  *rule.Pass
	found []rule.Finding
}

func (e *Engine) judge(view *mesh.View, ended func() error) *judge {
	j := &judge{rules: e.rules, ended: ended}
	j.pass = rule.NewPass(nil, mesh.Key{}, view, func(f rule.Finding) { j.found = append(j.found, f) }, ended)
	return j
}

// at returns every finding at some keys, in order, until ended returns an error, which it
// returns then.
func (j *judge) at(keys []mesh.Key) ([]rule.Finding, error) {
	j.found = nil
	for _, key := range keys {
		if err := j.ended(); err != nil {
			return nil, err
		}
		for _, r := range j.rules {
			if r.At(key.Subject) {
				j.pass.Rule, j.pass.Key = r, key
				r.Run(j.pass)
			}
		}
	}
	if err := j.ended(); err != nil { // a rule may have left off
		return nil, err
	}
	return merged(j.found), nil
}

// Change judges a change by what it brings in: the findings at what it touches,
// before against after.
func (e *Engine) Change(s *mesh.Snapshot, c mesh.Change) Verdict {
	verdict, _ := e.change(s, c, endless)
	return verdict
}

// ChangeContext is Change for whoever waits only so long: what touches much, such as
// a Sidecar of the whole mesh, takes a while. It returns the error of ctx, and no
// verdict, when ctx is done before all is judged.
func (e *Engine) ChangeContext(ctx context.Context, s *mesh.Snapshot, c mesh.Change) (Verdict, error) {
	return e.change(s, c, ctx.Err)
}

func (e *Engine) change(s *mesh.Snapshot, c mesh.Change, ended func() error) (Verdict, error) {
	if mesh.Same(c.Old, c.New) {
		return Verdict{}, nil
	}
	before := stored(s, c)
	// What is worked out to find who is touched is used again to judge them.
	old, now := before.View(), before.Apply(c).View()
	keys := touched(old, now, c.Ref())
	was, err := e.judge(old, ended).at(keys)
	if err != nil {
		return Verdict{}, err
	}
	is, err := e.judge(now, ended).at(keys)
	if err != nil {
		return Verdict{}, err
	}
	return Compare(was, is), nil
}

// Touched are the keys about which the states of some objects before or after a
// change decide, in order and once each.
func Touched(before, after *mesh.Snapshot, refs ...mesh.Ref) []mesh.Key {
	return touched(before.View(), after.View(), refs...)
}

func touched(before, after *mesh.View, refs ...mesh.Ref) []mesh.Key {
	keys := slices.Concat(before.Touched(refs...), after.Touched(refs...))
	slices.SortFunc(keys, mesh.Key.Compare)
	return slices.Compact(keys)
}

// stored is the snapshot with the changed object as it is stored now. The API
// server says so with every request, and knows better than a watch that lags.
func stored(s *mesh.Snapshot, c mesh.Change) *mesh.Snapshot {
	held := s.Get(c.Ref())
	switch {
	case mesh.Same(held, c.Old):
		return s
	case c.Old == nil:
		return s.Apply(mesh.Change{Old: held})
	default:
		return s.Apply(mesh.Change{New: c.Old})
	}
}

// merged puts findings in order, and makes one of those that say the same of the
// same place for several viewpoints: what a delegate does is judged for each root.
func merged(found []rule.Finding) []rule.Finding {
	slices.SortStableFunc(found, func(a, b rule.Finding) int { return a.Compare(&b) })
	var one []rule.Finding
	for _, f := range found {
		if last := len(one) - 1; last >= 0 && one[last].Compare(&f) == 0 && one[last].Severity == f.Severity {
			one[last].Viewpoints = one[last].Viewpoints.Or(f.Viewpoints)
			one[last].Faults = slices.Concat(one[last].Faults, f.Faults)
			continue
		}
		one = append(one, f)
	}
	return one
}
