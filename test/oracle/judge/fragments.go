package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// bucket is where DestinationRules meet: those of one namespace for one host.
type bucket struct {
	namespace, host string
}

func bucketOf(dr *networkingv1.DestinationRule) bucket {
	meta := config.Meta{Namespace: dr.Namespace, Domain: constants.DefaultClusterLocalDomain}
	return bucket{namespace: dr.Namespace, host: string(model.ResolveShortnameToFQDN(dr.Spec.GetHost(), meta))}
}

// buckets are the DestinationRules of the world by where they meet.
func (c *Case) buckets() map[bucket][]world.Ref {
	all := map[bucket][]world.Ref{}
	for _, dr := range world.All[*networkingv1.DestinationRule](c.World) {
		all[bucketOf(dr)] = append(all[bucketOf(dr)], world.RefOf(dr))
	}
	return all
}

// setting is a world in which DestinationRules are looked at: the one at hand, or one
// in which hosts are served that nobody is given now.
type setting struct {
	world *world.World
	// supposed is true for what is not so now.
	supposed bool
	// namespace is the one whose rules are looked at; empty for all.
	namespace string
}

// settings are the world at hand, and one for each namespace in which DestinationRules
// meet. There no Sidecar keeps a host from anyone and none hides from its own namespace,
// and the namespace declares the hosts that its rules meet at and no proxy has, or that a
// wildcard leaves room for. What is
// so only there no proxy meets today; a rule may tell it all the same, as it does not
// ask whether there is a client. There are none where no rules meet.
func (c *Case) settings() []setting {
	hosts := map[string][]string{}
	for at, rules := range c.buckets() {
		if len(rules) > 1 {
			hosts[at.namespace] = append(hosts[at.namespace], at.host)
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	settings := []setting{{world: c.World, supposed: false, namespace: ""}}
	open := opened(c.World)
	for _, namespace := range slices.Sorted(maps.Keys(hosts)) {
		var declared []*networkingv1.ServiceEntry
		for i, name := range slices.Sorted(slices.Values(hosts[namespace])) {
			if tail, wildcard := strings.CutPrefix(name, "*"); wildcard {
				name = "any" + strings.TrimSuffix("."+strings.TrimPrefix(tail, "."), ".")
			} else if c.given(name) {
				continue
			}
			declared = append(declared, entryFor(name, namespace, fmt.Sprintf("supposed-%d", i)))
		}
		if len(declared) == 0 && slices.Equal(open.Objects, c.World.Objects) {
			continue
		}
		supposed := open
		for _, entry := range declared {
			supposed = supposed.With(entry)
		}
		settings = append(settings, setting{world: supposed, supposed: true, namespace: namespace})
	}
	return settings
}

// given reports whether any proxy is given a host.
func (c *Case) given(host string) bool {
	return slices.ContainsFunc(c.Proxies, func(p *istiod.Proxy) bool {
		_, given := p.Services[host]
		return given
	})
}

// settled reports whether what a proxy is given for a host can be read in stored objects.
//
// It cannot where several namespaces declare the host, and the proxy is not given that of
// its own: which one it is given is for istiod to choose, and with it where it looks for
// rules [1.10, 7.4]. Nor for a pod that several workloadSelectors pick: that there are
// pods with one label says nothing of pods with both.
func (c *Case) settled(p *istiod.Proxy, host string) bool {
	if len(c.declaring(host)) > 1 && p.Services[host] != p.Namespace {
		return false
	}
	selectors := map[string]bool{}
	for _, dr := range world.All[*networkingv1.DestinationRule](c.World) {
		selector := labels.Set(dr.Spec.GetWorkloadSelector().GetMatchLabels())
		if dr.Namespace == p.Namespace && len(selector) > 0 && selector.AsSelector().Matches(labels.Set(p.Labels)) {
			selectors[selector.String()] = true
		}
	}
	return len(selectors) < 2
}

// declaring are the namespaces that declare a host.
func (c *Case) declaring(host string) map[string]bool {
	in := map[string]bool{}
	for _, o := range c.World.Objects {
		switch declares := o.(type) {
		case *corev1.Service:
			if host == fmt.Sprintf("%s.%s.svc.%s", declares.Name, declares.Namespace, constants.DefaultClusterLocalDomain) {
				in[declares.Namespace] = true
			}
		case *networkingv1.ServiceEntry:
			if slices.Contains(declares.Spec.GetHosts(), host) {
				in[declares.Namespace] = true
			}
		}
	}
	return in
}

func entryFor(host, namespace, name string) *networkingv1.ServiceEntry {
	return &networkingv1.ServiceEntry{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: networking.ServiceEntry{
			Hosts:      []string{host},
			Ports:      []*networking.ServicePort{{Number: 80, Name: "http", Protocol: "HTTP"}},
			Resolution: networking.ServiceEntry_STATIC,
			Location:   networking.ServiceEntry_MESH_INTERNAL,
		},
	}
}

// mergedFor calls with each host of each sidecar for which istiod merged several
// DestinationRules, in all settings, all worlds dyed. Gateway pods are left out: they
// fare as the sidecars of their namespace, which is what findings name.
func (c *Case) mergedFor(look func(settled bool, p *istiod.Proxy, host string)) {
	for _, s := range c.settings() {
		for _, p := range c.Instead(dyed(s.world)).Proxies {
			if p.Gateway || p.Panic != "" {
				continue
			}
			for _, host := range slices.Sorted(maps.Keys(p.Rules)) {
				if len(p.Rules[host]) > 1 {
					look(!s.supposed && c.settled(p, host), p, host)
				}
			}
		}
	}
}

// alike reports whether two DestinationRules are for the same workloads, or both for
// all: one with a workloadSelector is there to replace what is for all.
func (c *Case) alike(a, b world.Ref) bool {
	return (c.destinationRule(a).GetWorkloadSelector() == nil) == (c.destinationRule(b).GetWorkloadSelector() == nil)
}

// once leaves out facts that stand there before, and those that are only supposed where
// they are so anyway.
func once(facts []Fact) []Fact {
	same := func(a, b Fact) bool {
		return placeOf(a) == placeOf(b) && a.Proxy.Compare(b.Proxy.Proxy) == 0
	}
	var all []Fact
	for _, settled := range []bool{true, false} {
		for _, f := range facts {
			if f.Unsettled != settled && !slices.ContainsFunc(all, func(o Fact) bool { return same(f, o) }) {
				all = append(all, f)
			}
		}
	}
	return all
}
