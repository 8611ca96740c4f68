package mesh

import (
	"slices"
	"strings"
)

// mostServices is how many Services are looked through for one that is in front
// of a gateway's pods. More share a label only where it says nothing of the pods.
const mostServices = 64

// PodsOf returns the namespaces in which the pods of a Gateway run, and whether
// that is known: where a Service is in front of pods that the Gateway's selector
// picks, they run in that Service's namespace. Where it is not known they may run
// in the Gateway's namespace, in the root namespace, or in one that nobody named,
// which is empty. The Gateways of the root namespace are taken to be served there.
func (v *View) PodsOf(gateway string) (namespaces []string, known bool) {
	namespaces, found := v.pods[gateway]
	if !found {
		namespaces = v.snapshot.podsOf(v.Gateway(gateway))
		remember(&v.pods, gateway, namespaces)
	}
	if len(namespaces) > 0 {
		return namespaces, true
	}
	own, _, _ := strings.Cut(gateway, "/")
	if own == v.snapshot.cfg.RootNamespace || v.snapshot.cfg.ScopeGatewayToNamespace {
		return []string{own}, false
	}
	return []string{own, v.snapshot.cfg.RootNamespace, ""}, false
}

// podsOf returns the namespaces of the Services that are in front of a Gateway's
// pods, in order.
func (s *Snapshot) podsOf(gateway *Gateway) []string {
	if gateway == nil || len(gateway.labels) == 0 {
		return nil
	}
	var namespaces []string
	seen := 0
	for h := range s.linked(selects, labelPairs(gateway.labels)[0]) {
		if seen++; seen > mostServices {
			return nil
		}
		own := h.object.Namespace == gateway.By.Namespace
		if picked(gateway.labels, h.selects) && (own || !s.cfg.ScopeGatewayToNamespace) {
			namespaces = append(namespaces, h.object.Namespace)
		}
	}
	slices.Sort(namespaces)
	return slices.Compact(namespaces)
}

// fronted returns the Gateways whose pods a Service with a selector is in front of.
func (s *Snapshot) fronted(selector map[string]string) []*Gateway {
	var gateways []*Gateway
	for _, pair := range labelPairs(selector) {
		for h := range s.linked(picks, pair) {
			if !slices.Contains(gateways, h.gateway) && (picked(h.gateway.labels, selector) || s.decides(pair, h.gateway)) {
				gateways = append(gateways, h.gateway)
			}
		}
	}
	return gateways
}

// decides reports whether one Service more or less with a label may decide whether
// those in front of a Gateway's pods are looked through.
func (s *Snapshot) decides(pair string, gateway *Gateway) bool {
	if labelPairs(gateway.labels)[0] != pair {
		return false
	}
	n := 0
	for range s.linked(selects, pair) {
		if n++; n > mostServices+1 {
			return false
		}
	}
	return n >= mostServices
}
