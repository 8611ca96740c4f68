package judge

import (
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// firstDye is a connect timeout in seconds that nobody writes.
const firstDye = 1_000_000

// dyed is a world in which each DestinationRule has a connect timeout of its own, in its
// traffic policy if it has one, and in all of its subsets. So a cluster shows which
// rule it took its policy or its subset from. Nothing else comes out otherwise: istiod
// asks of policies whether they are there, and never compares them.
func dyed(w *world.World) *world.World {
	for i, dr := range world.All[*networkingv1.DestinationRule](w) {
		dr = world.Clone(dr)
		if dr.Spec.GetTrafficPolicy() != nil {
			dye(dr.Spec.GetTrafficPolicy(), i)
		}
		for _, subset := range dr.Spec.GetSubsets() {
			if subset.GetTrafficPolicy() == nil {
				subset.TrafficPolicy = &networking.TrafficPolicy{}
			}
			dye(subset.GetTrafficPolicy(), i)
		}
		w = w.With(dr)
	}
	return w
}

func dye(policy *networking.TrafficPolicy, number int) {
	policy.ConnectionPool = withDye(policy.GetConnectionPool(), number)
	for _, port := range policy.GetPortLevelSettings() { // they replace what stands above [3.6]
		port.ConnectionPool = withDye(port.GetConnectionPool(), number)
	}
}

func withDye(pool *networking.ConnectionPoolSettings, number int) *networking.ConnectionPoolSettings {
	if pool == nil {
		pool = &networking.ConnectionPoolSettings{}
	}
	if pool.GetTcp() == nil {
		pool.Tcp = &networking.ConnectionPoolSettings_TCPSettings{}
	}
	pool.Tcp.ConnectTimeout = &durationpb.Duration{Seconds: firstDye + int64(number)}
	return pool
}

// source is where a proxy's clusters for a host have something from.
type source struct {
	// made is true where there is such a cluster at all.
	made bool
	// by is the DestinationRule, and empty where nothing of one is in the cluster.
	by world.Ref
}

// sourceOf reads in what a proxy got of a dyed world which DestinationRule the clusters
// for a subset of a host are from, and for no subset those of the host as a whole.
func (c *Case) sourceOf(p *istiod.Proxy, host, subset string) source {
	rules := world.All[*networkingv1.DestinationRule](c.World)
	for name, cluster := range p.Clusters() {
		direction, _, of, to := split(name)
		if direction != "outbound" || of != subset || to != host {
			continue
		}
		found := source{made: true}
		if number := cluster.GetConnectTimeout().GetSeconds() - firstDye; number >= 0 && number < int64(len(rules)) {
			found.by = world.RefOf(rules[number])
		}
		return found
	}
	return source{}
}

// known reports whether anything of a DestinationRule is in a cluster.
func (s source) known() bool { return s.by != (world.Ref{}) }

// destinationRule is the DestinationRule of a reference as the world has it, or nil.
func (c *Case) destinationRule(ref world.Ref) *networking.DestinationRule {
	rules := world.All[*networkingv1.DestinationRule](c.World)
	at := slices.IndexFunc(rules, func(dr *networkingv1.DestinationRule) bool { return world.RefOf(dr) == ref })
	if at < 0 {
		return nil
	}
	return &rules[at].Spec
}
