package mesh

// Target is one destination of one route as it is handed out: traffic that is
// sent to a host.
type Target struct {
	*Delivery
	*Destination

	// Mirror is true where only a copy of the traffic is sent there.
	Mirror bool
	// Total is the sum of the weights of the route. Weight and Total are both 1
	// where the route has a single destination.
	Share, Total int64
	// Number is the place among the destinations, or mirrors, of the route.
	Number int
}

// Object is what the destination is written in.
func (t *Target) Object() *Object { return t.By.By }

// Path is the field path of the destination.
func (t *Target) Path() string { return "spec." + t.Route.Field() + "." + t.Field }

// Section is the list of routes that the target belongs to.
func (t *Target) Section() Section { return t.Route.Section }

// Targets returns what the routes of a VirtualService send traffic to, in order.
func (v *View) Targets(root *VirtualService) []*Target {
	targets, known := v.targets[root]
	if known {
		return targets
	}
	for _, d := range v.Deliveries(root) {
		total := int64(0)
		for _, to := range d.Route.Destinations {
			total += to.Weight
		}
		for i, to := range d.Route.Destinations {
			target := &Target{Delivery: d, Destination: to, Share: to.Weight, Total: total, Number: i}
			if len(d.Route.Destinations) == 1 {
				target.Share, target.Total = 1, 1
			}
			targets = append(targets, target)
		}
		mirrored := d.mirroring()
		for i, to := range mirrored.Route.Mirrors {
			targets = append(targets, &Target{Delivery: mirrored, Destination: to, Mirror: true, Share: 1, Total: 1, Number: i})
		}
	}
	remember(&v.targets, root, targets)
	return targets
}

// mirroring returns the delivery with the route that has its mirrors: a delegate's
// own, and where it has none, that of its root [4.10].
func (d *Delivery) mirroring() *Delivery {
	if d.From == d.Route || d.Route.Answers || len(d.Route.Mirrors) > 0 || len(d.From.Mirrors) == 0 {
		return d
	}
	roots := *d
	roots.By, roots.Route, roots.asked = d.Root, d.From, nil
	return &roots
}

// Targets returns who sends traffic to the host: the destinations of routes and
// mirrors, by VirtualService, in the order of its routes. What a delegate sends
// there stands once for each of its roots.
func (h *Host) Targets() []*Target {
	if h.targeted {
		return h.targets
	}
	h.targeted = true
	for by := range h.view.snapshot.linked(routesTo, h.Name) {
		roots := []*VirtualService{by.route}
		if by.route.Delegate() {
			roots = h.view.Roots(by.route.Name())
		}
		for _, root := range roots {
			for _, t := range h.view.Targets(root) {
				if t.Host == h.Name && t.By == by.route {
					h.targets = append(h.targets, t)
				}
			}
		}
	}
	return h.targets
}
