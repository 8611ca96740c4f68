package validate

import (
	"math"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Verdict is what a change does to the findings.
type Verdict struct {
	// Introduced is what was not so before: new findings, and old ones as far as
	// they now hold for more viewpoints. Only these can be held against a change.
	Introduced []rule.Finding
	// Fixed is what is no longer so, as far as it is not.
	Fixed []rule.Finding
	// Standing is what was so before and still is.
	Standing []rule.Finding
}

// Compare sorts the findings before and after a change into a verdict. Both
// lists are in order.
func Compare(was, is []rule.Finding) Verdict {
	before, after := tally(was), tally(is)
	standing := before.standing(is)
	var v Verdict
	for i, f := range is {
		more, beyond := before.lacks(&f)
		switch {
		case !standing[i] && len(beyond) > 0:
			f.Faults = beyond
			v.Introduced = append(v.Introduced, f)
		case !standing[i]:
			v.Introduced = append(v.Introduced, f)
		case !more.IsEmpty():
			f.Viewpoints, f.Faults = more, beyond
			v.Introduced = append(v.Introduced, f)
		default:
			v.Standing = append(v.Standing, f)
		}
	}
	for _, f := range was {
		if less, gone := after.lacks(&f); !less.IsEmpty() {
			f.Faults = gone
			if f.Workload == "" {
				f.Viewpoints = less
			}
			v.Fixed = append(v.Fixed, f)
		}
	}
	return v
}

// sums is what the findings of each identity amount to. The places are only
// counted: routes move up and down while an object is edited, and a route that
// moved is not a new fault.
type sums struct {
	places     map[rule.Identity]map[rule.Severity]int
	viewpoints map[rule.Identity]mesh.Viewpoints
}

// everyPlace is how many places a fault has that takes in all of its name.
const everyPlace = math.MaxInt32

func tally(found []rule.Finding) sums {
	s := sums{places: map[rule.Identity]map[rule.Severity]int{}, viewpoints: map[rule.Identity]mesh.Viewpoints{}}
	for i := range found {
		f := &found[i]
		for _, id := range f.Identities() {
			if s.places[id] == nil {
				s.places[id] = map[rule.Severity]int{}
			}
			if s.places[id][f.Severity]++; f.Whole {
				s.places[id][f.Severity] = everyPlace
			}
			s.viewpoints[id] = s.viewpoints[id].Or(f.At())
		}
	}
	return s
}

// lacks returns the viewpoints that a finding holds for and those of its identities
// do not, and which of its faults that is so for.
func (s sums) lacks(f *rule.Finding) (viewpoints mesh.Viewpoints, faults []string) {
	for _, id := range f.Identities() {
		more := f.At().Minus(s.viewpoints[id])
		if more.IsEmpty() {
			continue
		}
		viewpoints = viewpoints.Or(more)
		if len(f.Faults) > 0 {
			faults = append(faults, id.About)
		}
	}
	return viewpoints, faults
}

// standing tells which findings take the place of one of before: one as severe
// if there is, so that a fault is not taken for a milder one beside it, else any,
// so that a canary that raises a weight is not stopped. It uses the sums up.
func (s sums) standing(is []rule.Finding) []bool {
	standing := make([]bool, len(is))
	for _, anySeverity := range []bool{false, true} {
		for i := range is {
			standing[i] = standing[i] || s.take(&is[i], anySeverity)
		}
	}
	return standing
}

// take uses up a place of each fault of a finding, and reports whether there was one.
func (s sums) take(f *rule.Finding, anySeverity bool) bool {
	ids := f.Identities()
	from := make([]rule.Severity, 0, len(ids))
	for _, id := range ids {
		severity, ok := s.left(id, f.Severity, anySeverity)
		if !ok {
			return false
		}
		from = append(from, severity)
	}
	for i, id := range ids {
		s.places[id][from[i]]--
	}
	return true
}

// left returns the severity of a place that an identity has left.
func (s sums) left(id rule.Identity, severity rule.Severity, anySeverity bool) (rule.Severity, bool) {
	if s.places[id][severity] > 0 {
		return severity, true
	}
	for _, other := range []rule.Severity{rule.Error, rule.Warning, rule.Info} {
		if anySeverity && s.places[id][other] > 0 {
			return other, true
		}
	}
	return severity, false
}
