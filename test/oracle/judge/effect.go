package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// differ reports whether two routes do something else with a request, however they are
// written, and whether that is settled: where a destination names no port, it may be the
// one that the other names, and where one is an ExternalName, what that stands for.
func (c *Case) differ(a, b *routev3.Route) (differ, settled bool) {
	if effectOf(a, strings.Clone) == effectOf(b, strings.Clone) {
		return c.aliased(a) || c.aliased(b), false
	}
	anywhere := func(cluster string) string { return port.ReplaceAllString(cluster, "||") }
	return true, effectOf(a, anywhere) != effectOf(b, anywhere) || !c.portless(a) && !c.portless(b)
}

var port = regexp.MustCompile(`\|\d+\|`)

// effectOf is what a route does with a request, as text for comparison, with the clusters
// by other names.
func effectOf(r *routev3.Route, named func(string) string) string {
	if r == nil {
		return "404"
	}
	rest := proto.CloneOf(r)
	rest.Name, rest.Match, rest.Metadata, rest.Decorator = "", nil, nil, nil
	to := ""
	if action := rest.GetRoute(); action != nil {
		to = shared(action, named)
		action.ClusterSpecifier = nil
		for _, mirror := range action.GetRequestMirrorPolicies() {
			mirror.Cluster = named(mirror.GetCluster())
		}
	}
	return to + text(rest)
}

// portless reports whether the rule of a route leaves the port of a destination out.
func (c *Case) portless(r *routev3.Route) bool {
	return c.sends(r, func(to *networking.Destination) bool { return to.GetPort() == nil })
}

// aliased reports whether a destination of the rule of a route is an ExternalName.
func (c *Case) aliased(r *routev3.Route) bool {
	return c.sends(r, func(to *networking.Destination) bool { return c.alias(to.GetHost()) })
}

// sends reports whether something holds of any destination of the rule of a route.
func (c *Case) sends(r *routev3.Route, holds func(*networking.Destination) bool) bool {
	for _, d := range c.delivered() {
		if d.name == ruleOf(r.GetName()) {
			return slices.ContainsFunc(d.GetRoute(), func(to *networking.HTTPRouteDestination) bool { return holds(to.GetDestination()) })
		}
	}
	return false
}

// shared are the clusters that a route shares its requests out among, each once and in
// order, with weights that have no common divisor.
func shared(action *routev3.RouteAction, named func(string) string) string {
	weights := map[string]uint32{}
	if name := action.GetCluster(); name != "" {
		weights[named(name)] = 1
	}
	for _, c := range action.GetWeightedClusters().GetClusters() {
		weights[named(c.GetName())+changes(c)] += c.GetWeight().GetValue()
	}
	var common uint32
	for _, weight := range weights {
		common = divisor(common, weight)
	}
	all := make([]string, 0, len(weights))
	for name, weight := range weights {
		all = append(all, fmt.Sprintf("%s %d ", name, weight/max(common, 1)))
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// changes are what a route does to the requests that it sends to one of its clusters.
func changes(c *routev3.WeightedCluster_ClusterWeight) string {
	rest := proto.CloneOf(c)
	rest.Name, rest.Weight = "", nil
	return text(rest)
}

func divisor(a, b uint32) uint32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func text(m proto.Message) string {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(err) // istiod made it
	}
	return string(raw)
}
