// Package validate is the engine: it runs rules over a mesh, whole or at what a
// change touches, and says what the change brings in.
//
// It knows rules and snapshots. It must not know which rules there are (it is
// given them), nor admission, files, the API server, the clock or the environment.
package validate

import (
	"fmt"
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
	var found []rule.Finding
	for _, subject := range []mesh.Subject{mesh.SubjectHost} {
		for key := range s.Keys(subject) {
			found = e.judge(found, s, key)
		}
	}
	return sorted(found)
}

// Change judges a change by what it brings in: the findings at what it touches,
// before against after.
func (e *Engine) Change(s *mesh.Snapshot, c mesh.Change) Verdict {
	if mesh.Same(c.Old, c.New) {
		return Verdict{}
	}
	before := stored(s, c)
	after := before.Apply(c)
	var was, is []rule.Finding
	for _, key := range after.Touched(c.Old, c.New) {
		was = e.judge(was, before, key)
		is = e.judge(is, after, key)
	}
	return Compare(sorted(was), sorted(is))
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

func (e *Engine) judge(found []rule.Finding, s *mesh.Snapshot, key mesh.Key) []rule.Finding {
	report := func(f rule.Finding) { found = append(found, f) }
	for _, r := range e.rules {
		if r.On == key.Subject {
			r.Run(rule.NewPass(r, key, s.View(), report))
		}
	}
	return found
}

func sorted(found []rule.Finding) []rule.Finding {
	slices.SortStableFunc(found, func(a, b rule.Finding) int { return a.Compare(&b) })
	return found
}
