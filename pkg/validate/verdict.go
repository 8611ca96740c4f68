package validate

import (
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
		id := f.Identity()
		more := f.Viewpoints.Minus(before.viewpoints[id])
		switch {
		case !standing[i]:
			v.Introduced = append(v.Introduced, f)
		case !more.IsEmpty():
			f.Viewpoints = more
			v.Introduced = append(v.Introduced, f)
		default:
			v.Standing = append(v.Standing, f)
		}
	}
	for _, f := range was {
		if less := f.Viewpoints.Minus(after.viewpoints[f.Identity()]); !less.IsEmpty() {
			f.Viewpoints = less
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

func tally(found []rule.Finding) sums {
	s := sums{places: map[rule.Identity]map[rule.Severity]int{}, viewpoints: map[rule.Identity]mesh.Viewpoints{}}
	for i := range found {
		id := found[i].Identity()
		if s.places[id] == nil {
			s.places[id] = map[rule.Severity]int{}
		}
		s.places[id][found[i].Severity]++
		s.viewpoints[id] = s.viewpoints[id].Or(found[i].Viewpoints)
	}
	return s
}

// standing tells which findings take the place of one of before: one as severe
// if there is, so that a fault is not taken for a milder one beside it, else any,
// so that a canary that raises a weight is not stopped. It uses the sums up.
func (s sums) standing(is []rule.Finding) []bool {
	standing := make([]bool, len(is))
	for i := range is {
		if places := s.places[is[i].Identity()]; places[is[i].Severity] > 0 {
			places[is[i].Severity]--
			standing[i] = true
		}
	}
	for i := range is {
		places := s.places[is[i].Identity()]
		for severity, left := range places {
			if !standing[i] && left > 0 {
				places[severity]--
				standing[i] = true
			}
		}
	}
	return standing
}
