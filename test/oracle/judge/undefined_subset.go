package judge

import "github.com/meshward/meshward/pkg/validate/rules"

var undefinedSubset = &Judge{
	Rule:  rules.UndefinedSubset,
	Place: atRoute,
	Facts: func(c *Case) []Fact {
		return c.subsets(func(l *Lost) bool { return !l.Mirror })
	},
}

var undefinedMirrorSubset = &Judge{
	Rule:  rules.UndefinedMirrorSubset,
	Place: atRoute,
	Facts: func(c *Case) []Fact {
		return c.subsets(func(l *Lost) bool { return l.Mirror })
	},
}

// subsets are the facts about subsets that there are not. Where an ExternalName is not
// looked through, its port is what is wrong, and its subset may be told of as well.
func (c *Case) subsets(tells func(*Lost) bool) []Fact {
	var facts []Fact
	for _, lost := range c.lost() {
		if lost.NoSubset && tells(&lost) {
			fact := Fact{At: lost.At, Place: lost.Place, Proxy: lost.Proxy, Unsettled: c.unsettled(&lost) || c.alias(lost.Host)}
			facts = append(facts, c.around(fact, lost.To.GetHost())...)
		}
	}
	return facts
}
