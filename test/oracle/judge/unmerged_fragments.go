package judge

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A DestinationRule is lost where a proxy would be given it if the others for its host
// were not in its namespace, and is not given it as they are, and does not have all that
// it says from them either [3.3, 3.5]. The finding is at the younger of the two, which
// need not be the one that is lost, so the place is the one that is lost.
var unmergedFragments = &Judge{
	Rule: rules.UnmergedFragments,
	Object: func(f *rule.Finding) world.Ref {
		_, lost, _ := strings.Cut(f.About, ": ")
		lost, _, _ = strings.Cut(lost, " for ")
		namespace, name, _ := strings.Cut(lost, "/")
		return world.Ref{Kind: "DestinationRule", Namespace: namespace, Name: name}
	},
	Place: func(*rule.Finding) string { return "" },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		for _, s := range c.settings() {
			for in, meeting := range c.buckets() {
				if s.supposed && s.namespace != in.namespace {
					continue
				}
				for _, at := range meeting {
					facts = append(facts, c.unmerged(s, at, meeting)...)
				}
			}
		}
		return once(facts)
	},
}

// unmerged are the facts of one DestinationRule that meets others.
func (c *Case) unmerged(s setting, at world.Ref, meeting []world.Ref) []Fact {
	if len(meeting) < 2 {
		return nil
	}
	painted := dyed(s.world)
	now, alone := c.Instead(painted), c.Instead(painted.Without(others(at, meeting)...))
	l := loss{Case: c, at: at, dead: !inEffect(c.Instead(dyed(withoutSidecars(c.World))), at)}
	var facts []Fact
	for i, would := range alone.Proxies {
		does := now.Proxies[i]
		if would.Gateway || does.Panic != "" {
			continue
		}
		for _, host := range slices.Sorted(maps.Keys(would.Rules)) {
			if !slices.Contains(would.Rules[host], at) || slices.Contains(does.Rules[host], at) {
				continue
			}
			if lost, certain := l.of(host, would, does); lost {
				facts = append(facts, Fact{At: at, Proxy: does, Unsettled: s.supposed || !certain || !c.settled(does, host)})
			}
		}
	}
	return facts
}

func others(at world.Ref, meeting []world.Ref) []world.Ref {
	return slices.DeleteFunc(slices.Clone(meeting), func(o world.Ref) bool { return o == at })
}

// inEffect reports whether any proxy is given a DestinationRule for any host.
func inEffect(out *istiod.Output, at world.Ref) bool {
	return slices.ContainsFunc(out.Proxies, func(p *istiod.Proxy) bool {
		for _, rules := range p.Rules {
			if slices.Contains(rules, at) {
				return true
			}
		}
		return false
	})
}

// loss is what is lost of a DestinationRule. One that some proxies are given is meant to
// be replaced for the others: these lose a subset if they have none of that name, and the
// policy if they have none. Of one that is dead, though no Sidecar kept its host from
// anyone, nothing else may stand in the place.
type loss struct {
	*Case
	at   world.Ref
	dead bool
}

// of reports whether anything is lost for a host that a proxy would be given the rule
// for. It is not certain where there is no cluster to see it by, either way.
func (l *loss) of(host string, would, does *istiod.Proxy) (lost, certain bool) {
	if lost, certain := l.policyOf(host, would, does); lost {
		return true, certain
	}
	for _, subset := range l.destinationRule(l.at).GetSubsets() {
		would, does := l.sourceOf(would, host, subset.GetName()), l.sourceOf(does, host, subset.GetName())
		switch {
		case would.made && !does.made:
			return true, true
		case !would.made && !does.made:
			lost = true // it may get endpoints yet
		case l.dead && !proto.Equal(l.subset(does.by, subset.GetName()), subset):
			return true, !l.wildcard()
		}
	}
	return lost, false
}

// wildcard reports whether the rule is for a wildcard: it may be in effect yet for what
// that covers.
func (l *loss) wildcard() bool { return strings.HasPrefix(l.destinationRule(l.at).GetHost(), "*") }

// policyOf reports whether the policy is lost, and whether that is certain.
func (l *loss) policyOf(host string, would, does *istiod.Proxy) (lost, certain bool) {
	policy := l.destinationRule(l.at).GetTrafficPolicy()
	if policy == nil || l.sourceOf(would, host, "").by != l.at {
		return false, false
	}
	has := l.sourceOf(does, host, "")
	if !has.known() {
		return true, true
	}
	return l.dead && !proto.Equal(l.destinationRule(has.by).GetTrafficPolicy(), policy), !l.wildcard()
}

// subset is a subset of a DestinationRule, or nil.
func (c *Case) subset(at world.Ref, name string) *networking.Subset {
	subsets := c.destinationRule(at).GetSubsets()
	i := slices.IndexFunc(subsets, func(s *networking.Subset) bool { return s.GetName() == name })
	if i < 0 {
		return nil
	}
	return subsets[i]
}
