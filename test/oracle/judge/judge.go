package judge

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// Judge reads in istiod's output where one rule should have findings.
type Judge struct {
	Rule *rule.Rule
	// Facts are what is broken, once for each proxy for which it is.
	Facts func(*Case) []Fact
	// Place is where a finding says it is, as Facts say it.
	Place func(*rule.Finding) string
	// Object is what a finding is about, where that is not the object it is at; nil
	// where it is.
	Object func(*rule.Finding) world.Ref
	// Panics is true where a panic of istiod is what the rule is about. All others have
	// nothing to say of a world for which istiod came to no end.
	Panics bool
}

// Fact is one thing that is broken for one proxy.
type Fact struct {
	At    world.Ref
	Place string
	Proxy *istiod.Proxy
	// Unsettled is true for what no stored object can prove, which a rule may tell or
	// not: neither is wrong.
	Unsettled bool
}

// All are the judges, in the order of the rules' names.
func All() []*Judge {
	return []*Judge{
		ambiguousPort,
		brokenDelegate,
		duplicateSubset,
		gatewayHostMismatch,
		gatewayProtocolMismatch,
		gatewayServerConflict,
		hiddenFromGateway,
		hostClaimedTwice,
		partlyQualifiedHost,
		secondTrafficPolicy,
		severalCatchAlls,
		shadowedRoute,
		undefinedMirrorSubset,
		undefinedSubset,
		unknownHost,
		unknownPort,
		unmergedFragments,
		unreachableDestinationRule,
		zeroWeights,
	}
}

// Verdict is the comparison of one rule in one world.
type Verdict struct {
	Rule string
	// Fired is true where the rule has a finding, Broken where istiod's output has a fact.
	Fired, Broken bool
	// Missed and False are the differences, Known the names of those that are known.
	Missed, False []Difference
	Known         []string
}

// Difference is one place where the two sides disagree.
type Difference struct {
	At    world.Ref
	Place string
	// Who is the proxy, or the viewpoint that a finding names.
	Who string

	proxies []*istiod.Proxy // those it is about
}

// String is the difference in one line.
func (d Difference) String() string { return fmt.Sprintf("%s %s for %s", d.At, d.Place, d.Who) }

// Compare holds what a rule finds in a world against what istiod makes of it. A fact is
// missed where no finding at its place names the proxy, however severe. A finding is
// false where it is as severe as its rule and names a viewpoint that is not broken.
func (j *Judge) Compare(c *Case) Verdict {
	verdict := Verdict{Rule: j.Rule.Name}
	if c.Crashes() || c.Panics() && !j.Panics {
		return verdict
	}
	facts, found := c.FactsOf(j), j.found(c)
	for _, fact := range facts {
		if fact.Unsettled || c.farFetched(fact) {
			continue
		}
		verdict.Broken = true
		if !j.told(c, fact, found) {
			missed := Difference{At: fact.At, Place: fact.Place, Who: fact.Proxy.String(), proxies: []*istiod.Proxy{fact.Proxy}}
			verdict.add(c, &verdict.Missed, "missed", missed)
		}
	}
	for _, f := range found {
		if !f.Severity.AtLeast(j.Rule.Severity) {
			continue
		}
		verdict.Fired = true
		for _, unfounded := range j.unfounded(c, f, facts) {
			verdict.add(c, &verdict.False, "false", unfounded)
		}
	}
	return verdict
}

// found are the findings of the judge's rule, however severe.
func (j *Judge) found(c *Case) []*rule.Finding {
	var found []*rule.Finding
	for i := range c.Findings {
		if f := &c.Findings[i]; f.Rule.Name == j.Rule.Name {
			found = append(found, f)
		}
	}
	return found
}

// told reports whether one of some findings is at the place of a fact and names its proxy.
func (j *Judge) told(c *Case, fact Fact, found []*rule.Finding) bool {
	return slices.ContainsFunc(found, func(f *rule.Finding) bool {
		return j.at(f) == placeOf(fact) && names(c.World, f, fact.Proxy.Proxy)
	})
}

// add adds a difference to its side, unless it is known.
func (v *Verdict) add(c *Case, side *[]Difference, name string, d Difference) {
	if known := c.known(v.Rule, name, &d); known != "" {
		if !slices.Contains(v.Known, known) {
			v.Known = append(v.Known, known)
		}
		return
	}
	*side = append(*side, d)
}

// place is an object and a place in it.
type place struct {
	At    world.Ref
	Place string
}

func placeOf(f Fact) place { return place{At: f.At, Place: f.Place} }

func (j *Judge) at(f *rule.Finding) place { return place{At: j.ObjectOf(f), Place: j.Place(f)} }

// ObjectOf is the object that a finding of the judge's rule is about.
func (j *Judge) ObjectOf(f *rule.Finding) world.Ref {
	if j.Object != nil {
		return j.Object(f)
	}
	return refOf(f)
}

func refOf(f *rule.Finding) world.Ref {
	return world.Ref{Kind: string(f.Object.Kind), Namespace: f.Object.Namespace, Name: f.Object.Name}
}

// unfounded returns the viewpoints that a finding names though none of their proxies is
// broken there.
func (j *Judge) unfounded(c *Case, f *rule.Finding, facts []Fact) []Difference {
	var wrong []Difference
	at := j.at(f)
	for _, v := range viewpoints(c.World, c.proxies) {
		if !f.Viewpoints.Has(v.Viewpoint) {
			continue
		}
		broken := func(fact Fact) bool { return placeOf(fact) == at && v.holds(fact.Proxy.Proxy) }
		if !slices.ContainsFunc(facts, broken) {
			wrong = append(wrong, Difference{At: at.At, Place: at.Place, Who: v.String(), proxies: v.of(c)})
		}
	}
	return wrong
}

var route = regexp.MustCompile(`^spec\.((?:http|tcp|tls)\[\d+\])(?:\.(route\[\d+\]|mirrors\[\d+\]|mirror\b))?`)

// atRoute is the destination of a route that a finding is about: "http[0].route[1]".
func atRoute(f *rule.Finding) string {
	at := route.FindStringSubmatch(f.Path)
	switch {
	case at == nil:
		return f.Path
	case at[2] == "":
		return at[1]
	default:
		return at[1] + "." + at[2]
	}
}
