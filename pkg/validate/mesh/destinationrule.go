package mesh

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// DestinationRule is one fragment of the rules for a host: what a single
// DestinationRule object says. Fragments are merged per lookup path [3.4].
type DestinationRule struct {
	By   *Object
	Host string
	// Subsets are the subsets it defines, in order.
	Subsets []Subset
	// Policy tells the top-level traffic policies apart: equal for two that say
	// the same, empty for none.
	Policy string
	// Selector picks the client workloads that the rule is for; nil is all of
	// them. A rule with a selector serves its own namespace only.
	Selector map[string]string

	exportTo []string // as written: "." and the own name are different values [2.5]
	private  bool     // no other namespace can ever see it [3.1]
	local    bool     // clients of its own namespace find it there [3.1]
}

// Subset is one subset of a host.
type Subset struct {
	Name   string
	Labels map[string]string
	// Policy tells the traffic policies of subsets apart: equal for two that say the
	// same, empty for none.
	Policy string
}

// destinationRule is what a DestinationRule object says.
type destinationRule struct {
	host     string
	subsets  []Subset
	policy   string
	selector map[string]string
	exportTo []string
}

func newDestinationRule(spec *networking.DestinationRule) *destinationRule {
	said := &destinationRule{host: spec.GetHost(), exportTo: spec.GetExportTo(), policy: policy(spec.GetTrafficPolicy())}
	if selector := spec.GetWorkloadSelector(); selector != nil {
		said.selector = map[string]string{} // an empty selector is still a selector
		maps.Copy(said.selector, selector.GetMatchLabels())
	}
	for _, subset := range spec.GetSubsets() {
		said.subsets = append(said.subsets, Subset{Name: subset.GetName(), Labels: subset.GetLabels(), Policy: policy(subset.GetTrafficPolicy())})
	}
	return said
}

func policy(from *networking.TrafficPolicy) string {
	if from == nil {
		return ""
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(from)
	if err != nil {
		return err.Error() // nothing that was read from JSON gets here
	}
	return "policy" + string(text) // an empty policy is one, too
}

func (d *destinationRule) assert(by *Object, cfg *Config, to *facts) {
	rule := &DestinationRule{
		By:       by,
		Host:     Resolve(d.host, by.Namespace, cfg.Domain),
		Subsets:  d.subsets,
		Policy:   d.policy,
		Selector: d.selector,
		exportTo: slices.DeleteFunc(slices.Clone(d.exportTo), func(name string) bool { return name == "" }),
	}
	if d.selector != nil {
		rule.exportTo = []string{"."} // whatever it says [2.5]
	}
	rule.private = rule.isPrivate(cfg)
	rule.local = len(rule.exportTo) == 0 || rule.exports("*") || rule.exports(".") || rule.exports(by.Namespace)
	to.rule(rule)
}

// selectorString is the rule's workloadSelector as "key=value,…" in order.
func (d *DestinationRule) selectorString() string {
	return strings.Join(labelPairs(d.Selector), ",")
}

// isPrivate reports whether no other namespace can ever see the rule [3.1]. Of
// the mesh's default only "." counts [2.5].
func (d *DestinationRule) isPrivate(cfg *Config) bool {
	switch len(d.exportTo) {
	case 0:
		return slices.Contains(cfg.DefaultDestinationRuleExportTo, ".")
	case 1:
		return d.exports(".") || d.exports(d.By.Namespace)
	default:
		return false
	}
}

// seenFrom reports whether the rule, found by another namespace's lookup, may
// be used by clients of that namespace [3.2].
func (d *DestinationRule) seenFrom(namespace string) bool {
	return len(d.exportTo) == 0 || d.exports("*") || d.exports(namespace)
}

func (d *DestinationRule) exports(to string) bool { return slices.Contains(d.exportTo, to) }

// precedes orders fragments as istiod merges them: those with a selector first,
// then the older [3.1].
func (d *DestinationRule) precedes(o *DestinationRule) int {
	if (d.Selector != nil) != (o.Selector != nil) {
		if d.Selector != nil {
			return -1
		}
		return 1
	}
	return compareAge(d.By, o.By)
}

// distinct are its subsets without those whose name another one before has.
func (d *DestinationRule) distinct() []Subset {
	for i := range d.Subsets {
		if slices.ContainsFunc(d.Subsets[:i], func(s Subset) bool { return s.Name == d.Subsets[i].Name }) {
			var m mergedRule
			m.add(d)
			return m.Subsets
		}
	}
	return slices.Clip(d.Subsets)
}

// Defines reports whether the fragment defines a subset.
func (d *DestinationRule) Defines(subset string) bool {
	return slices.ContainsFunc(d.Subsets, func(s Subset) bool { return s.Name == subset })
}

// ExportTo returns where the rule can be seen from other namespaces, as written.
// It must not be changed.
func (d *DestinationRule) ExportTo() []string { return d.exportTo }

// Private reports whether no other namespace can ever see the rule [3.1].
func (d *DestinationRule) Private() bool { return d.private }

// Local reports whether clients of the rule's own namespace find it there [3.1].
func (d *DestinationRule) Local() bool { return d.local }
