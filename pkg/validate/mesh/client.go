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
	told := func(namespace string) {
		c := Client{Viewpoint: Viewpoint{Namespace: namespace}, Reached: reach.Sidecars.Has(namespace), namespace: namespace}
		clients = append(clients, c)
		for _, r := range h.selecting(namespace) {
			c.Labels, c.labels = r.selectorString(), r.Selector
			clients = append(clients, c)
		}
	}
	told("")
	for _, namespace := range merged(h.apart(), reach.Sidecars.Named()) {
		told(namespace)
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
	for _, r := range h.fragments {
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

// RestsOn returns the namespaces whose objects decide what some viewpoints get
// for the host, in order: those that say something of it, those where it could
// be declared, the root namespace, the viewpoints' own, and the given ones. It
// holds the empty name, for all namespaces, where the host could be declared in
// any of them.
func (h *Host) RestsOn(viewpoints Viewpoints, given ...string) []string {
	names := append(h.apart(), h.cfg.RootNamespace)
	service, isService := strings.CutSuffix(h.Name, ".svc."+h.cfg.Domain)
	if _, namespace, ok := strings.Cut(service, "."); ok && isService {
		names = append(names, namespace)
	} else if !h.Declared() {
		names = append(names, "")
	}
	holding, _ := viewpoints.Holding()
	for _, at := range holding {
		gateway, _, _ := strings.Cut(at.Gateway, "/")
		for _, name := range []string{at.Namespace, gateway} {
			if name != "" {
				names = append(names, name)
			}
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
	for _, r := range h.selective {
		if r.By.Namespace == namespace {
			selecting = append(selecting, r)
		}
	}
	return selecting
}

// RulesFor returns what a client may get of the DestinationRules for the host.
// There are several answers where stored configuration does not tell which one
// it is: a host that is not declared could be declared in any namespace, one that
// is declared by several ServiceEntries is given by one of them [7.4], and the
// pods of a gateway may run elsewhere than its Gateway is stored. There is none
// where there is nothing to look up: the client is given no such service, or an
// ExternalName that stands for another host, or the snapshot is incomplete and
// holds neither host nor rule.
func (h *Host) RulesFor(c Client) []Effective {
	if c.Gateway == "" {
		return h.rulesFor(c)
	}
	var answers []Effective
	for _, pods := range h.podsOf(c) {
		answers = append(answers, h.rulesFor(pods)...)
	}
	return answers
}

// podsOf returns what the pods of a gateway may be: in the namespace of the
// Gateway, in the root namespace or in one of their own, with labels that a
// selector there picks or without. The Gateways of the root namespace are taken
// to be served there.
func (h *Host) podsOf(gateway Client) []Client {
	namespaces := []string{gateway.namespace}
	if root := h.cfg.RootNamespace; gateway.namespace != root {
		namespaces = append(namespaces, root, "")
	}
	var pods []Client
	for _, namespace := range namespaces {
		pods = append(pods, Client{namespace: namespace})
		for _, r := range h.selecting(namespace) {
			pods = append(pods, Client{namespace: namespace, labels: r.Selector})
		}
	}
	return pods
}

func (h *Host) rulesFor(c Client) []Effective {
	var answers []Effective
	if h.Declared() {
		for _, service := range h.services(c.namespace) {
			if service.Alias == "" {
				answers = append(answers, h.effective(c, service.By.Namespace))
			}
		}
		return answers
	}
	answers = append(answers, h.effective(c, ""))
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
	for _, r := range h.fragments {
		if !r.private {
			names = append(names, r.By.Namespace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
