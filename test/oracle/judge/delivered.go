package judge

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// delivered is an http rule of a merged VirtualService.
type delivered struct {
	*networking.HTTPRoute

	name string
	// origins are where it is written: for one that is delegated, the rule that delegates
	// and then the delegate's.
	origins []istiod.Origin
}

// delivered are all http rules after delegates were put in their places.
func (c *Case) delivered() []delivered {
	var all []delivered
	for _, merged := range c.Merged {
		for _, http := range merged.Spec.(*networking.VirtualService).GetHttp() {
			all = append(all, delivered{HTTPRoute: http, name: http.GetName(), origins: istiod.Origins(http.GetName())})
		}
	}
	return all
}

// alone is the world in which the VirtualServices of a rule have no other.
func (c *Case) alone(d delivered) *world.World {
	w := c.World
	for _, at := range d.origins {
		w = withRoute(w, at.By, func(spec *networking.VirtualService) { spec.Http = spec.GetHttp()[at.Rule : at.Rule+1] })
	}
	return w
}

// withRoute is a world in which a VirtualService says something else.
func withRoute(w *world.World, ref world.Ref, change func(*networking.VirtualService)) *world.World {
	for _, vs := range world.All[*networkingv1.VirtualService](w) {
		if world.RefOf(vs) == ref {
			changed := world.Clone(vs)
			change(&changed.Spec)
			return w.With(changed)
		}
	}
	return w
}
