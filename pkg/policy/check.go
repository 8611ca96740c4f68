package policy

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// check returns all that is wrong with a configuration, each with its field.
func (c *Config) check() field.ErrorList {
	found := c.Mesh.check(field.NewPath("mesh"))
	for i := range c.Actions {
		found = append(found, c.checkAction(&c.Actions[i], field.NewPath("actions").Index(i))...)
	}
	found = append(found, checkTenants(c.Tenants, field.NewPath("tenants"))...)
	found = append(found, checkHosts(c.AllowedHosts, field.NewPath("allowedHosts"))...)
	found = append(found, c.Exempt.check(field.NewPath("exempt"))...)
	found = append(found, c.Appliers.check(field.NewPath("appliers"))...)
	found = append(found, c.checkRules(c.BreakGlass.Rules, field.NewPath("breakGlass", "rules"))...)
	found = append(found, c.checkRules(c.BreakGlass.Except, field.NewPath("breakGlass", "except"))...)
	if c.Modes.Namespaces != nil {
		found = append(found, c.Modes.Namespaces.check(field.NewPath("modes", "namespaces"))...)
	}
	return append(found, c.Deadline.check(field.NewPath("deadline"))...)
}

func (m *Mesh) check(at *field.Path) field.ErrorList {
	var found field.ErrorList
	if m.Domain != "" {
		found = append(found, invalid(at.Child("domain"), m.Domain, validation.IsDNS1123Subdomain(m.Domain))...)
	}
	if m.RootNamespace != "" {
		found = append(found, invalid(at.Child("rootNamespace"), m.RootNamespace, validation.IsDNS1123Label(m.RootNamespace))...)
	}
	found = append(found, checkExportTo(m.DefaultServiceExportTo, at.Child("defaultServiceExportTo"))...)
	found = append(found, checkExportTo(m.DefaultVirtualServiceExportTo, at.Child("defaultVirtualServiceExportTo"))...)
	found = append(found, checkExportTo(m.DefaultDestinationRuleExportTo, at.Child("defaultDestinationRuleExportTo"))...)
	if len(m.Revisions) == 0 {
		found = append(found, field.Required(at.Child("revisions"), "istiod honours at least one"))
	}
	for i, revision := range m.Revisions {
		found = append(found, invalid(at.Child("revisions").Index(i), revision, validation.IsDNS1123Label(revision))...)
	}
	m.selectors = nil
	for i := range m.DiscoverySelectors {
		selector, wrong := checkSelector(&m.DiscoverySelectors[i], at.Child("discoverySelectors").Index(i))
		m.selectors, found = append(m.selectors, selector), append(found, wrong...)
	}
	return append(found, checkHosts(m.KnownHosts, at.Child("knownHosts"))...)
}

// checkExportTo accepts namespaces and the signs that Istio has: "*" everybody,
// "." the object's own namespace, "~" nobody.
func checkExportTo(list []string, at *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, value := range list {
		if !slices.Contains([]string{"*", ".", "~"}, value) {
			found = append(found, invalid(at.Index(i), value, validation.IsDNS1123Label(value))...)
		}
	}
	return found
}

func (c *Config) checkAction(r *RuleAction, at *field.Path) field.ErrorList {
	var found field.ErrorList
	if len(r.Rules) == 0 {
		found = append(found, field.Required(at.Child("rules"), `names of rules, or "*" for all`))
	}
	found = append(found, c.checkRules(r.Rules, at.Child("rules"))...)
	if r.Namespaces != nil {
		found = append(found, r.Namespaces.check(at.Child("namespaces"))...)
	}
	switch {
	case r.Action == "":
		found = append(found, field.Required(at.Child("action"), "deny, warn, audit or off"))
	case !slices.Contains(actions, r.Action):
		found = append(found, field.NotSupported(at.Child("action"), r.Action, actions))
	}
	return found
}

func (c *Config) checkRules(list []string, at *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, name := range list {
		if name != all && !slices.Contains(c.known, name) {
			found = append(found, field.Invalid(at.Index(i), name, `there is no such rule; "meshward rules" lists them`))
		}
	}
	return found
}

// check also makes the selector that Has asks.
func (n *Namespaces) check(at *field.Path) field.ErrorList {
	if len(n.Names) == 0 && n.Selector == nil {
		return field.ErrorList{field.Required(at, `names or a selector; names: ["*"] chooses every namespace`)}
	}
	var found field.ErrorList
	for i, name := range n.Names {
		// Whatever "*" stands for, the rest has to fit into a name.
		found = append(found, invalid(at.Child("names").Index(i), string(name), validation.IsDNS1123Label(strings.ReplaceAll(string(name), "*", "a")))...)
	}
	if n.Selector == nil {
		return found
	}
	var wrong field.ErrorList
	n.selector, wrong = checkSelector(n.Selector, at.Child("selector"))
	return append(found, wrong...)
}

// checkSelector returns what a selector selects with, or what is wrong with it.
func checkSelector(s *metav1.LabelSelector, at *field.Path) (labels.Selector, field.ErrorList) {
	if wrong := metav1validation.ValidateLabelSelector(s, metav1validation.LabelSelectorValidationOptions{}, at); len(wrong) > 0 {
		return nil, wrong
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(at, s, err.Error())}
	}
	return selector, nil
}

func checkTenants(tenants []Tenant, at *field.Path) field.ErrorList {
	var found field.ErrorList
	seen, owned := map[string]bool{}, map[Glob]bool{}
	for i, tenant := range tenants {
		at := at.Index(i)
		switch {
		case tenant.Name == "":
			found = append(found, field.Required(at.Child("name"), "messages name the tenant"))
		case seen[tenant.Name]:
			found = append(found, field.Duplicate(at.Child("name"), tenant.Name))
		}
		seen[tenant.Name] = true
		if tenant.Namespaces == nil {
			found = append(found, field.Required(at.Child("namespaces"), "the namespaces of the tenant"))
		} else {
			found = append(found, tenant.Namespaces.check(at.Child("namespaces"))...)
		}
		if len(tenant.Hosts) == 0 {
			found = append(found, field.Required(at.Child("hosts"), "a tenant without hosts owns nothing"))
		}
		found = append(found, checkHosts(tenant.Hosts, at.Child("hosts"))...)
		for j, host := range tenant.Hosts {
			if owned[host] {
				found = append(found, field.Duplicate(at.Child("hosts").Index(j), host))
			}
			owned[host] = true
		}
	}
	return found
}

func checkHosts(hosts []Glob, at *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, host := range hosts {
		found = append(found, invalid(at.Index(i), string(host), validation.IsDNS1123Subdomain(strings.ReplaceAll(string(host), "*", "a")))...)
	}
	return found
}

func (s *Subjects) check(at *field.Path) field.ErrorList {
	return append(notEmpty(s.Users, at.Child("users")), notEmpty(s.Groups, at.Child("groups"))...)
}

func notEmpty(globs []Glob, at *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, glob := range globs {
		if glob == "" {
			found = append(found, field.Required(at.Index(i), "a name"))
		}
	}
	return found
}

// mostReserve leaves a tenth of the time to judge in.
const mostReserve = 90

func (d *Deadline) check(at *field.Path) field.ErrorList {
	var found field.ErrorList
	if d.ReservePercent < 1 || d.ReservePercent > mostReserve {
		found = append(found, field.Invalid(at.Child("reservePercent"), d.ReservePercent, validation.InclusiveRangeError(1, mostReserve)))
	}
	if answers := []Answer{AnswerAllow, AnswerDeny}; !slices.Contains(answers, d.Answer) {
		found = append(found, field.NotSupported(at.Child("answer"), d.Answer, answers))
	}
	return found
}

func invalid(at *field.Path, value string, reasons []string) field.ErrorList {
	var found field.ErrorList
	for _, reason := range reasons {
		found = append(found, field.Invalid(at, value, reason))
	}
	return found
}
