package mesh

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// ServiceNamespace returns the namespace to which a host, or all hosts of a
// wildcard, belong by their name: "reviews.prod.svc.cluster.local" is of "prod".
func ServiceNamespace(host, domain string) (namespace string, ok bool) {
	short, isService := strings.CutSuffix(strings.ToLower(host), ".svc."+domain)
	dot := strings.LastIndexByte(short, '.')
	if !isService || dot <= 0 || strings.Contains(short[dot+1:], "*") {
		return "", false
	}
	return short[dot+1:], true
}

// Owns reports whether a host is one of the tenant's.
func (t *Tenant) Owns(host string) bool { return Matches(t.Hosts, strings.ToLower(host)) }

// Tenants returns the tenants to which a host belongs: those that name it, and those
// whose namespaces it belongs to by its name.
func (v *View) Tenants(host string) []*Tenant {
	namespace, isService := ServiceNamespace(host, v.snapshot.cfg.Domain)
	var tenants []*Tenant
	for i := range v.snapshot.cfg.Tenants {
		t := &v.snapshot.cfg.Tenants[i]
		if t.Owns(host) || isService && v.Has(t, namespace) {
			tenants = append(tenants, t)
		}
	}
	return tenants
}

// Has reports whether a namespace is one of a tenant's.
func (v *View) Has(t *Tenant, namespace string) bool {
	if len(t.Namespaces) > 0 && !Matches(t.Namespaces, namespace) {
		return false
	}
	return t.Selector == nil || t.Selector.Matches(labels.Set(v.snapshot.NamespaceLabels(namespace)))
}

// Knows reports whether something outside of the cluster declares a host, or any
// host of a wildcard.
func (c *Config) Knows(host string) bool {
	return slices.ContainsFunc(c.KnownHosts, func(known Glob) bool { return known.Match(host) || Covers(host, string(known)) })
}

// judgesNamespaces reports whether the labels of namespaces change answers.
func (c *Config) judgesNamespaces() bool {
	return len(c.DiscoverySelectors) > 0 || slices.ContainsFunc(c.Tenants, func(t Tenant) bool { return t.Selector != nil })
}
