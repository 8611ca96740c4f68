package policy

import (
	"fmt"
	"slices"
	"strings"
)

// OverrideAnnotation is the annotation by which an object asks to be let off
// rules. Each line of it is "RULE: REASON": reasons hold commas, and a YAML block
// keeps lines readable.
const OverrideAnnotation = "meshward.io/allow"

// Overrides reads an override annotation: the reason for each rule that it names,
// and what is wrong with it. A line without a rule that exists and a reason
// overrides nothing.
func (c *Config) Overrides(annotation string) (reasons map[string]string, problems []string) {
	reasons = map[string]string{}
	for line := range strings.Lines(annotation) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, reason, _ := strings.Cut(line, ":")
		name, reason = strings.TrimSpace(name), strings.TrimSpace(reason)
		switch {
		case !slices.Contains(c.known, name):
			problems = append(problems, fmt.Sprintf("annotation %s: there is no rule %q", OverrideAnnotation, name))
		case reason == "":
			problems = append(problems, fmt.Sprintf("annotation %s: give a reason, as in %q", OverrideAnnotation, name+": why this is meant"))
		case !c.Overridable(name):
			problems = append(problems, fmt.Sprintf("annotation %s: the configuration lets nobody off %s", OverrideAnnotation, name))
		default:
			reasons[name] = reason
		}
	}
	return reasons, problems
}

// Overridable reports whether an object can be let off a rule.
func (c *Config) Overridable(name string) bool {
	return names(c.BreakGlass.Rules, name) && !names(c.BreakGlass.Except, name)
}
