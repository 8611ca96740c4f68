package gen

import (
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
	selector "istio.io/api/type/v1beta1"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// makeDestinationRules gives most hosts the DestinationRules that they need, and in
// worlds about rules some more that meet them.
func (m *maker) makeDestinationRules(more bool) {
	for _, h := range m.hosts {
		if h.alias || h != m.focus && m.oneIn(3) {
			continue
		}
		m.makeRulesOf(h)
	}
	if m.careful || !more && !m.oneIn(5) {
		return
	}
	for range m.between(1, 3) {
		m.makeFragment()
	}
}

// makeRulesOf defines the versions of a host as subsets, in one of the ways that work.
func (m *maker) makeRulesOf(h *host) {
	if len(h.versions) == 0 || h.hidden {
		return
	}
	versions := some(m, m.between(1, len(h.versions)), h.versions...)
	h.subsets = versions
	way := m.IntN(8)
	switch {
	case way == 0 && len(versions) > 1:
		m.feature("rule/fragments")
		exportTo := m.publicExportTo()
		m.addRule(h.namespace, m.rule(m.spell(h, h.namespace), versions[:1], true), exportTo)
		m.addRule(h.namespace, m.rule(m.spell(h, h.namespace), versions[1:], false), exportTo)
	case way == 1:
		m.feature("rule/client-copy")
		m.addRule(h.namespace, m.rule(m.spell(h, h.namespace), versions, true), m.publicExportTo())
		m.addRule(m.otherNamespace(h.namespace), m.rule(h.name, versions, true), []string{"."})
	case way == 2:
		m.feature("rule/in-root")
		m.addRule(world.Root, m.rule(h.name, versions, true), m.publicExportTo())
	case way == 3 && h.short != "" && (!m.careful || !m.wildcardRule[h.namespace]):
		m.feature("rule/wildcard-host")
		m.wildcardRule[h.namespace] = true
		m.addRule(h.namespace, m.rule("*."+h.namespace+domain, versions, true), m.publicExportTo())
	default:
		m.addRule(h.namespace, m.rule(m.spell(h, h.namespace), versions, m.oneIn(2)), m.publicExportTo())
	}
}

func (m *maker) publicExportTo() []string {
	if m.oneIn(4) {
		return []string{"*"}
	}
	return nil
}

// makeFragment makes a DestinationRule that may meet the others in any way.
func (m *maker) makeFragment() {
	h := m.focus
	if m.oneIn(3) {
		h = pick(m, m.hosts...)
	}
	ns := pick(m, h.namespace, h.namespace, h.namespace, m.anyNamespace(), world.Root)
	rule := m.rule(m.ruleHost(h, ns), some(m, m.between(0, 2), "v1", "v2", "v3"), m.oneIn(2))
	exportTo := m.ruleExportTo(ns)
	if m.oneIn(5) {
		m.feature("rule/workload-selector")
		rule.Spec.WorkloadSelector = &selector.WorkloadSelector{MatchLabels: m.clientLabels()}
		// Istio's own validation has such a rule name no other namespace.
		exportTo = pick(m, nil, nil, []string{"."}, []string{ns})
	}
	if exportTo == nil && m.oneIn(6) {
		m.feature("rule/foreign")
		ns = m.otherNamespace(h.namespace)
		rule.Spec.Host = h.name
		rule.Spec.WorkloadSelector = nil
		exportTo = []string{pick(m, h.namespace, world.Root)}
	}
	m.addRule(ns, rule, exportTo)
	m.feature("rule/any-fragment")
}

// ruleHost is what a DestinationRule that is about a host may be for.
func (m *maker) ruleHost(h *host, ns string) string {
	if !m.oneIn(4) {
		return m.spell(h, ns)
	}
	m.feature("rule/any-wildcard")
	if h.short == "" {
		return pick(m, "*.example.com", "*.com", "*")
	}
	return pick(m, "*."+h.namespace+domain, "*"+domain, "*.local", "*")
}

// ruleExportTo is one of the ways to write who may use a DestinationRule, several of
// which are one way to a reader and not to istiod.
func (m *maker) ruleExportTo(ns string) []string {
	other := m.anyNamespace()
	if other == ns {
		other = world.Root
	}
	exportTo := pick(m, nil, nil, nil, nil, nil, []string{"*"}, []string{"."}, []string{ns}, []string{other}, []string{".", other})
	m.exported("rule", exportTo, ns, other)
	return exportTo
}

// exported counts how an object of a namespace is exported, if it says so.
func (m *maker) exported(what string, exportTo []string, ns, other string) {
	switch {
	case exportTo == nil:
	case len(exportTo) == 2:
		m.feature(what + "/exportTo:self-and-other")
	case exportTo[0] == ns:
		m.feature(what + "/exportTo:own-name")
	case exportTo[0] == other:
		m.feature(what + "/exportTo:other")
	default:
		m.feature(what + "/exportTo:" + exportTo[0])
	}
}

func (m *maker) rule(host string, subsets []string, policy bool) *networkingv1.DestinationRule {
	rule := &networkingv1.DestinationRule{}
	rule.Spec.Host = host
	if policy || len(subsets) == 0 {
		m.feature("rule/policy")
		rule.Spec.TrafficPolicy = m.policy()
	}
	for _, name := range subsets {
		subset := &networking.Subset{Name: name, Labels: map[string]string{"version": name}}
		if m.oneIn(3) {
			m.feature("rule/subset-policy")
			subset.TrafficPolicy = m.policy()
		}
		rule.Spec.Subsets = append(rule.Spec.Subsets, subset)
	}
	return rule
}

// policy is a traffic policy whose connect timeout no other policy has, so that a
// cluster shows which one it was given.
func (m *maker) policy() *networking.TrafficPolicy {
	m.timeout++
	return &networking.TrafficPolicy{ConnectionPool: &networking.ConnectionPoolSettings{
		Tcp: &networking.ConnectionPoolSettings_TCPSettings{
			ConnectTimeout: &durationpb.Duration{Seconds: m.timeout},
		},
	}}
}

func (m *maker) addRule(ns string, rule *networkingv1.DestinationRule, exportTo []string) {
	rule.Spec.ExportTo = slices.Clone(exportTo)
	m.add(rule, ns)
}
