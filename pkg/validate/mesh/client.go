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
	pods      []string // of a gateway: the namespaces in which they may run
}

// Clients returns the viewpoints that the configuration of the host, and who is
// given a route of a VirtualService to it, tell apart. Namespaces of which nothing
// is said are one viewpoint, whatever their number. They must not be changed.
func (h *Host) Clients(d *Delivery) []Client {
	asking := d.asking(h)
	if asking.clients == nil {
		asking.clients = slices.Clip(h.clientsOf(d))
	}
	return asking.clients
}

// asking is who asks one host for what a route sends there.
type asking struct {
	host             *Host
	clients, callers []Client // nil until they are worked out
}

// asking returns where to keep who asks a host. It is valid as long as no other host is
// asked for.
func (d *Delivery) asking(host *Host) *asking {
	for i := range d.asked {
		if d.asked[i].host == host {
			return &d.asked[i]
		}
	}
	d.asked = append(d.asked, asking{host: host})
	return &d.asked[len(d.asked)-1]
}

func (h *Host) clientsOf(d *Delivery) []Client {
	clients := h.sidecars(d.Reach.Sidecars, d)
	for _, g := range d.Reach.Gateways {
		if last := len(clients) - 1; last >= 0 && clients[last].Gateway == g.Gateway {
			clients[last].pods = append(clients[last].pods, g.Namespace)
			continue
		}
		clients = append(clients, Client{Viewpoint: Viewpoint{Gateway: g.Gateway}, Reached: true, pods: []string{g.Namespace}})
	}
	return clients
}

// Everyone returns the viewpoints among sidecars that the configuration of the
// host tells apart. They must not be changed.
func (h *Host) Everyone() []Client {
	if h.everyone == nil {
		h.everyone = slices.Clip(h.sidecars(AllNamespaces(), nil))
	}
	return h.everyone
}

// sidecars returns the viewpoints of sidecars. Those of a namespace whose Sidecars
// do not import the VirtualService are not reached [2.8].
func (h *Host) sidecars(reached Namespaces, by *Delivery) []Client {
	names := merged(h.apart(), reached.Named())
	if by != nil {
		var space [8]string
		names = merged(names, h.view.owners(space[:0], by.Root))
	}
	clients := make([]Client, 0, 1+len(names)+len(h.selective))
	told := func(namespace string) {
		c := Client{Viewpoint: Viewpoint{Namespace: namespace}, Reached: reached.Has(namespace), namespace: namespace}
		selecting, given := h.selecting(namespace), c.Reached
		narrow := func(c Client) Client {
			if by == nil {
				return c
			}
			to := workloads{namespace: namespace, labels: c.labels}
			if c.labels == nil {
				to.but = selecting
			}
			c.Reached = given && h.view.leads(by, to)
			return c
		}
		clients = append(clients, narrow(c))
		for _, r := range selecting {
			c.Labels, c.labels = r.selectorString(), r.Selector
			clients = append(clients, narrow(c))
		}
	}
	told("")
	for _, namespace := range names {
		told(namespace)
	}
	return clients
}

// apart returns the namespaces whose clients may get another answer than those
// of a namespace that is named nowhere, in order.
func (h *Host) apart() []string {
	if h.parted {
		return h.parts
	}
	names := h.named()
	for _, d := range h.Declarations {
		if d.Alias != "" {
			names = append(names, h.view.Host(d.Alias).named()...)
		}
	}
	slices.Sort(names)
	h.parts, h.parted = slices.Clip(slices.Compact(names)), true
	return h.parts
}

// named returns the namespaces that anything names that is said of the host.
func (h *Host) named() []string {
	names := h.declaredFor(make([]string, 0, len(h.Declarations)+len(h.fragments)))
	for _, r := range h.fragments {
		names = append(names, r.By.Namespace)
		for _, name := range r.exportTo {
			if name != "*" && name != "." && name != "~" {
				names = append(names, name)
			}
		}
	}
	return names
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

// Answer is what a client may get for a host.
type Answer struct {
	Effective

	// Service is the entry of the registry; its Declaration is nil where nothing
	// declares the host.
	Service Service
}

// Serves reports whether the client has a cluster for a subset: it is defined, and
// istiod does not leave it out for want of endpoints [3.7, 5]. No subset at all is
// always there.
func (a *Answer) Serves(subset string) bool {
	if subset == "" {
		return true
	}
	s, defined := a.Subset(subset)
	return defined && (a.Service.Declaration == nil || a.Service.Fills(s.Labels))
}

// Answers returns what a client may get for the host. There are several where
// stored configuration does not tell which one it is: a host that is not declared
// could be declared in any namespace, one that is declared by several
// ServiceEntries is given by one of them [7.4], and the pods of a gateway may run
// elsewhere than its Gateway is stored. There is none where there is nothing to
// look up: the client is given no such service, or the snapshot is incomplete and
// holds neither host nor rule.
func (h *Host) Answers(c Client) []Answer {
	if c.Gateway == "" {
		return h.answers(c)
	}
	var answers []Answer
	for _, namespace := range c.pods {
		answers = append(answers, h.answers(Client{namespace: namespace})...)
		for _, r := range h.selecting(namespace) {
			answers = append(answers, h.answers(Client{namespace: namespace, labels: r.Selector})...)
		}
	}
	return answers
}

func (h *Host) answers(c Client) []Answer {
	if h.Declared() {
		var answers []Answer
		for _, service := range h.withRivals(h.Services(c.namespace)) {
			if service.Alias == "" {
				answers = append(answers, Answer{h.effective(c, service.By.Namespace), service})
				continue
			}
			if target := h.view.Host(service.Alias); target.Declared() && !target.isAlias() { // one hop only [1.9]
				answers = append(answers, target.answers(c)...)
			}
		}
		return answers
	}
	answers := []Answer{{Effective: h.effective(c, "")}}
	for _, namespace := range h.exporting() {
		answers = append(answers, Answer{Effective: h.effective(c, namespace)})
	}
	if h.cfg.Complete {
		return answers
	}
	return slices.DeleteFunc(answers, func(a Answer) bool { return len(a.Fragments) == 0 })
}

// isAlias reports whether any declaration of the host stands for another.
func (h *Host) isAlias() bool {
	return slices.ContainsFunc(h.Declarations, func(d *Declaration) bool { return d.Alias != "" })
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
