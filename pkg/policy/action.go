package policy

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Action is what becomes of a finding that a change brings in.
type Action string

// The actions, from the hardest to the mildest.
const (
	// Deny refuses the change.
	Deny Action = "deny"
	// Warn shows the finding to whoever makes the change.
	Warn Action = "warn"
	// Audit writes it to the audit log and counts it.
	Audit Action = "audit"
	// Off forgets it.
	Off Action = "off"
)

var actions = []Action{Deny, Warn, Audit, Off}

// UnmarshalJSON reads an action. YAML has "off" for false unless it is quoted, and
// whoever writes it means the word.
func (a *Action) UnmarshalJSON(raw []byte) error {
	if string(raw) == "false" {
		*a = Off
		return nil
	}
	return json.Unmarshal(raw, (*string)(a))
}

// milder returns the milder of two actions.
func milder(a, b Action) Action {
	if slices.Index(actions, a) > slices.Index(actions, b) {
		return a
	}
	return b
}

// bySeverity is what becomes of findings that the configuration says nothing of.
func bySeverity(s rule.Severity) Action {
	switch s {
	case rule.Error:
		return Deny
	case rule.Warning:
		return Warn
	default:
		return Audit
	}
}

// all stands for every rule in a list of names.
const all = "*"

func names(list []string, name string) bool {
	return slices.Contains(list, name) || slices.Contains(list, all)
}

// Action decides about a finding that a change in a namespace brings in. The
// namespace is that of the object that is changed, wherever the finding's own
// object is: whoever is told no has to be able to see in one place why. A
// finding that its rule itself calls milder than usual, such as a route of
// weight 0, is never treated harder than its own severity asks for.
func (c *Config) Action(f *rule.Finding, in Namespace) Action {
	action, set := c.set(f.Rule.Name, in)
	if !set {
		action = bySeverity(f.Severity)
	} else if !f.Severity.AtLeast(f.Rule.Severity) {
		action = milder(action, bySeverity(f.Severity))
	}
	mode, _ := c.mode(in)
	return milder(action, mode)
}

// set returns the action that the configuration sets for a rule, if it sets one.
func (c *Config) set(name string, in Namespace) (action Action, set bool) {
	for _, entry := range slices.Backward(c.Actions) {
		if names(entry.Rules, name) && (entry.Namespaces == nil || entry.Namespaces.Has(in)) {
			return entry.Action, true
		}
	}
	return "", false
}

// ModeLabel is the label by which a namespace softens what becomes of changes in it.
const ModeLabel = "meshward.io/mode"

// ModeProblem says what is wrong with the mode that a namespace asks for, if
// anything is.
func (c *Config) ModeProblem(in Namespace) string {
	_, problem := c.mode(in)
	return problem
}

// mode is the hardest action that a namespace wants to be treated with. Deny is
// no limit: a label can soften what the configuration says, and never harden it.
func (c *Config) mode(in Namespace) (mode Action, problem string) {
	value, asked := in.Labels[ModeLabel]
	switch {
	case !asked:
		return Deny, ""
	case !c.Modes.Namespaces.Has(in):
		return Deny, fmt.Sprintf("label %s of namespace %s is ignored: the configuration does not let this namespace set it", ModeLabel, in.Name)
	case !slices.Contains(actions, Action(value)):
		return Deny, fmt.Sprintf("label %s of namespace %s is ignored: it is %q and must be deny, warn, audit or off", ModeLabel, in.Name, value)
	default:
		return Action(value), ""
	}
}

// Exempts says by which name a user is exempt, and returns nothing for whom it is
// not: "user NAME" or "group NAME".
func (c *Config) Exempts(user string, groups []string) string {
	return c.Exempt.name(user, groups)
}

// Applier says by which name a user is an applier, as Exempts does.
func (c *Config) Applier(user string, groups []string) string {
	return c.Appliers.name(user, groups)
}

func (s *Subjects) name(user string, groups []string) string {
	if mesh.Matches(s.Users, user) {
		return "user " + user
	}
	for _, group := range groups {
		if mesh.Matches(s.Groups, group) {
			return "group " + group
		}
	}
	return ""
}
