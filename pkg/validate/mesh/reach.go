package mesh

import (
	"cmp"
	"slices"
)

// Reach is who is given a route: the sidecars of some namespaces, and the pods
// of some gateways.
type Reach struct {
	Sidecars Namespaces
	Gateways []GatewayPods // sorted
}

// GatewayPods are the pods of a Gateway that run in one namespace.
type GatewayPods struct {
	// Gateway is the "namespace/name" of the Gateway.
	Gateway string
	// Namespace of the pods; empty for one that nobody named.
	Namespace string
}

func (g GatewayPods) compare(o GatewayPods) int {
	return cmp.Or(cmp.Compare(g.Gateway, o.Gateway), cmp.Compare(g.Namespace, o.Namespace))
}

// IsEmpty reports whether nobody is given the route.
func (r Reach) IsEmpty() bool { return r.Sidecars.IsEmpty() && len(r.Gateways) == 0 }

// at narrows to some gateways, of which "mesh" stands for the sidecars.
func (r Reach) at(gateways []string) Reach {
	narrowed := Reach{Gateways: dropped(r.Gateways, func(g GatewayPods) bool { return !slices.Contains(gateways, g.Gateway) })}
	if slices.Contains(gateways, meshGateway) {
		narrowed.Sidecars = r.Sidecars
	}
	return narrowed
}

func (r Reach) or(o Reach) Reach {
	both := Reach{Sidecars: r.Sidecars.Or(o.Sidecars), Gateways: slices.Concat(r.Gateways, o.Gateways)}
	slices.SortFunc(both.Gateways, GatewayPods.compare)
	both.Gateways = slices.Compact(both.Gateways)
	return both
}

// covers reports whether all of another reach are in this one.
func (r Reach) covers(o Reach) bool { return o.minus(r).IsEmpty() }

func (r Reach) minus(o Reach) Reach {
	return Reach{
		Sidecars: r.Sidecars.Minus(o.Sidecars),
		Gateways: dropped(r.Gateways, func(g GatewayPods) bool { return slices.Contains(o.Gateways, g) }),
	}
}
