package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Overrides reads an override annotation, each line of which is "RULE: REASON":
// reasons hold commas, and a YAML block keeps lines readable. It returns the reason
// for each rule that it names, and what is wrong with it. A line without a rule that
// exists and a reason overrides nothing.
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
			problems = append(problems, fmt.Sprintf("annotation %s: there is no rule %q", mesh.OverrideAnnotation, name))
		case reason == "":
			problems = append(problems, fmt.Sprintf("annotation %s: give a reason, as in %q", mesh.OverrideAnnotation, name+": why this is meant"))
		case !c.Overridable(name):
			problems = append(problems, fmt.Sprintf("annotation %s: the configuration lets nobody off %s", mesh.OverrideAnnotation, name))
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
