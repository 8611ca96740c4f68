package analyzers

import (
	"slices"

	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
)

// Score holds messages against what istiod makes of a world, for both tools by the same
// measure: by rule and object, without places and proxies, since Istio's messages name
// none. Something is true of an object if a judge has any fact there.
//
//   - An object of a rule is missed if there is a settled fact and no message at the
//     object, or naming it, that stands for the rule. So all objects of a rule without
//     an analyzer are missed.
//   - A message is false if none of its rules has a fact, settled or not, at any of its
//     objects; it counts for the first of its rules. One that says that a destination
//     leads nowhere is not false as long as the object has any such destination, whatever
//     the reason. An object counts once for a rule.
//   - Istio gives each code one level, so a message is never less sure of itself than its
//     code. Whoever wants to hold only errors against it leaves the others out before.
//
// Facts are those of all judges, by rule; there is a verdict for each of these rules, in
// their order. Nothing counts where istiod panics, but for the rules about panics.
func Score(c *judge.Case, facts Facts, messages []Message) []judge.Verdict {
	var verdicts []judge.Verdict
	nowhere := c.LeadNowhere()
	for _, j := range judge.All() {
		verdict := judge.Verdict{Rule: j.Rule.Name}
		if !c.Panics() || j.Panics {
			verdict.Missed = facts.missed(j.Rule.Name, messages)
			verdict.Broken = len(facts.objects(j.Rule.Name)) > 0
			verdict.Fired = slices.ContainsFunc(messages, func(m Message) bool { return m.claims(j.Rule.Name) })
			verdict.False = facts.disproved(j.Rule.Name, messages, nowhere)
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// missed are the objects of a rule that no message tells of.
func (f Facts) missed(of string, messages []Message) []judge.Difference {
	var missed []judge.Difference
	for _, at := range f.objects(of) {
		if !slices.ContainsFunc(messages, func(m Message) bool { return m.tells(of, at) }) {
			missed = append(missed, judge.Difference{At: at})
		}
	}
	return missed
}

// disproved are the objects of messages about a rule that mean nothing there.
func (f Facts) disproved(of string, messages []Message, nowhere map[world.Ref]bool) []judge.Difference {
	var wrong []judge.Difference
	for _, m := range messages {
		told := func(d judge.Difference) bool { return d.At == m.At }
		right := f.bear(m) || m.Destination && nowhere[m.At]
		if m.claims(of) && !right && !slices.ContainsFunc(wrong, told) {
			wrong = append(wrong, judge.Difference{At: m.At})
		}
	}
	return wrong
}

// Facts are what the judges read in istiod's output, by rule.
type Facts map[string][]judge.Fact

// FactsOf asks all judges.
func FactsOf(c *judge.Case) Facts {
	facts := Facts{}
	for _, j := range judge.All() {
		if !c.Panics() || j.Panics {
			facts[j.Rule.Name] = c.FactsOf(j)
		}
	}
	return facts
}

// objects are those that a rule has settled facts about, in order.
func (f Facts) objects(of string) []world.Ref {
	var objects []world.Ref
	for _, fact := range f[of] {
		if !fact.Unsettled && !slices.Contains(objects, fact.At) {
			objects = append(objects, fact.At)
		}
	}
	slices.SortFunc(objects, world.Ref.Compare)
	return objects
}

// bear reports whether there is any fact that a message can mean.
func (f Facts) bear(m Message) bool {
	for _, name := range m.Rules {
		if slices.ContainsFunc(f[name], func(fact judge.Fact) bool { return m.tells(name, fact.At) }) {
			return true
		}
	}
	return false
}

// tells reports whether a message stands for a rule at an object.
func (m Message) tells(of string, at world.Ref) bool {
	return slices.Contains(m.Rules, of) && (m.At == at || slices.Contains(m.With, at))
}

// claims reports whether a message says for sure that a rule is broken.
func (m Message) claims(of string) bool { return m.Sure && m.Rules[0] == of }

// Ours are meshward's own findings as such messages, to be scored like the others. Those
// that are less severe than their rule tell, but claim nothing that could be false.
func Ours(c *judge.Case) []Message {
	var messages []Message
	for i := range c.Findings {
		f := &c.Findings[i]
		for _, j := range judge.All() {
			if j.Rule.Name == f.Rule.Name {
				messages = append(messages, Message{
					Code:  f.Rule.Name,
					Level: string(f.Severity),
					Text:  f.Message,
					Rules: []string{f.Rule.Name},
					At:    j.ObjectOf(f),
					Sure:  f.Severity.AtLeast(f.Rule.Severity),
				})
			}
		}
	}
	return messages
}
