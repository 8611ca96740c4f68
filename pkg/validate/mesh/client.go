package mesh

import (
	"slices"
	"strings"
)

// Client is a viewpoint with what the lookups need to know of it.
type Client struct {
	Viewpoint
	// Reached is false for a viewpoint that is told apart but not given the route.
	Reached bool

	namespace string // of its pods; empty for a namespace that nobody named
	labels    map[string]string
}

// Clients returns the viewpoints that the configuration of the host, and who is
// given a route to it, tell apart. Namespaces of which nothing is said are one
// viewpoint, whatever their number.
func (h *Host) Clients(reach Reach) []Client {
	var clients []Client
	for _, namespace := range append(merged(h.apart(), reach.Sidecars.Named()), "") {
		c := Client{Viewpoint: Viewpoint{Namespace: namespace}, Reached: reach.Sidecars.Has(namespace), namespace: namespace}
		clients = append(clients, c)
		for _, r := range h.selecting(namespace) {
			c.Labels, c.labels = r.selectorString(), r.Selector
			clients = append(clients, c)
		}
	}
	for _, gateway := range reach.Gateways {
		namespace, _, _ := strings.Cut(gateway, "/")
		clients = append(clients, Client{Viewpoint: Viewpoint{Gateway: gateway}, Reached: true, namespace: namespace})
	}
	return clients
}

// apart returns the namespaces whose clients may get another answer than those
// of a namespace that is named nowhere, in order.
func (h *Host) apart() []string {
	var names []string
	for _, d := range h.Declarations {
		names = append(names, d.By.Namespace)
		names = append(names, d.Visible.Named()...)
	}
	for _, r := range h.Fragments() {
		names = append(names, r.By.Namespace)
		for _, name := range r.exportTo {
			if name != "*" && name != "." && name != "~" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Namespaces returns the namespaces whose objects decide what clients get for
// the host, in order: those that say something of it, those where it could be
// declared, the root namespace, and the given ones.
func (h *Host) Namespaces(given ...string) []string {
	names := append(h.apart(), h.cfg.RootNamespace)
	if service, ok := strings.CutSuffix(h.Name, ".svc."+h.cfg.Domain); ok {
		if _, namespace, ok := strings.Cut(service, "."); ok {
			names = append(names, namespace)
		}
	}
	names = append(names, given...)
	slices.Sort(names)
	return slices.Compact(names)
}

// selecting returns the DestinationRules of a namespace that tell some of its
// workloads from the others by a workloadSelector [3.3].
func (h *Host) selecting(namespace string) []*DestinationRule {
	var selecting []*DestinationRule
	for _, r := range h.Fragments() {
		if r.By.Namespace == namespace && len(r.Selector) > 0 {
			selecting = append(selecting, r)
		}
	}
	return selecting
}

// RulesFor returns what a client may get of the DestinationRules for the host:
// one answer where the host is known, one for each namespace that the service
// could live in where it is not, and none where there is nothing to look up: the
// client is given no such service, or an ExternalName that stands for another
// host, or the snapshot is incomplete and holds neither host nor rule.
func (h *Host) RulesFor(c Client) []Effective {
	if len(h.Declarations) > 0 {
		service := h.Service(c.namespace)
		if service == nil || service.Alias != "" {
			return nil
		}
		return []Effective{h.effective(c, service.By.Namespace)}
	}
	answers := []Effective{h.effective(c, "")}
	for _, namespace := range h.exporting() {
		answers = append(answers, h.effective(c, namespace))
	}
	if h.cfg.Complete {
		return answers
	}
	return slices.DeleteFunc(answers, func(e Effective) bool { return len(e.Fragments) == 0 })
}

// exporting returns the namespaces that have a rule for the host which others
// may use, in order.
func (h *Host) exporting() []string {
	var names []string
	for _, r := range h.Fragments() {
		if !r.private {
			names = append(names, r.By.Namespace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
