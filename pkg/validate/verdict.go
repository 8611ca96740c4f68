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

// compare sorts the findings before and after a change into a verdict. Both
// lists are in order.
func compare(was, is []rule.Finding) Verdict {
	before, after := tally(was), tally(is)
	var v Verdict
	seen := make(map[rule.Identity]int, len(is))
	for _, f := range is {
		id := f.Identity()
		seen[id]++
		switch more := f.Viewpoints.Minus(before[id].viewpoints); {
		case seen[id] > before[id].places:
			v.Introduced = append(v.Introduced, f)
		case !more.IsEmpty():
			f.Viewpoints = more
			v.Introduced = append(v.Introduced, f)
		default:
			v.Standing = append(v.Standing, f)
		}
	}
	for _, f := range was {
		if less := f.Viewpoints.Minus(after[f.Identity()].viewpoints); !less.IsEmpty() {
			f.Viewpoints = less
			v.Fixed = append(v.Fixed, f)
		}
	}
	return v
}

// sum is what findings of one identity amount to. The places are only counted:
// routes move up and down while an object is edited, and a route that moved is
// not a new fault.
type sum struct {
	places     int
	viewpoints mesh.Viewpoints
}

func tally(found []rule.Finding) map[rule.Identity]sum {
	sums := make(map[rule.Identity]sum, len(found))
	for i := range found {
		id := found[i].Identity()
		s := sums[id]
		s.places++
		s.viewpoints = s.viewpoints.Or(found[i].Viewpoints)
		sums[id] = s
	}
	return sums
}
