package world

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Elsewhere is a namespace that no object of any world names: its clients are those of
// "every other namespace".
const Elsewhere = "elsewhere"

// Proxy is a viewpoint as istiod knows it: one pod that asks for its configuration.
type Proxy struct {
	// Gateway is true for the pods of Gateways, which are routers.
	Gateway   bool
	Namespace string
	Labels    map[string]string
	// Known is false for pods of which no Service says where they run: they may as well
	// run elsewhere, and have other labels.
	Known bool
}

// String is the proxy as reports write it: "sidecar default{app=web}".
func (p Proxy) String() string {
	kind := "sidecar"
	if p.Gateway {
		kind = "gateway pod"
	}
	if len(p.Labels) == 0 {
		return kind + " " + p.Namespace
	}
	return fmt.Sprintf("%s %s{%s}", kind, p.Namespace, labels.Set(p.Labels))
}

// Compare orders proxies: sidecars first, then by namespace and labels.
func (p Proxy) Compare(o Proxy) int {
	return cmp.Or(
		cmp.Compare(fmt.Sprint(p.Gateway), fmt.Sprint(o.Gateway)),
		cmp.Compare(p.Namespace, o.Namespace),
		cmp.Compare(labels.Set(p.Labels).String(), labels.Set(o.Labels).String()),
		cmp.Compare(fmt.Sprint(o.Known), fmt.Sprint(p.Known)),
	)
}

// Is reports whether two proxies are the same pod.
func (p Proxy) Is(o Proxy) bool {
	return p.Gateway == o.Gateway && p.Namespace == o.Namespace && maps.Equal(p.Labels, o.Labels)
}

// Serves reports whether the pods of a proxy serve a Gateway: its selector picks them,
// in whatever namespace they are [4.2].
func (p Proxy) Serves(gw *networkingv1.Gateway) bool {
	return p.Gateway && labels.SelectorFromSet(gw.Spec.GetSelector()).Matches(labels.Set(p.Labels))
}

// Proxies are all the viewpoints that a world can tell apart: in each namespace that is
// named by where an object is stored or can be seen, a sidecar without labels and one for
// each set of labels that any selector or match names, and the pods of each Gateway.
func (w *World) Proxies() []Proxy {
	var all []Proxy
	for _, namespace := range w.namespaces() {
		all = append(all, Proxy{Namespace: namespace, Known: true})
		for _, set := range w.labelSets() {
			all = append(all, Proxy{Namespace: namespace, Labels: set, Known: true})
		}
	}
	for _, gw := range All[*networkingv1.Gateway](w) {
		for _, pod := range w.podsOf(gw) {
			all = append(all, pod)
			for _, set := range w.labelSets() {
				if also, ok := union(pod.Labels, set); ok {
					all = append(all, Proxy{Gateway: true, Namespace: pod.Namespace, Labels: also})
				}
			}
		}
	}
	slices.SortFunc(all, Proxy.Compare)
	return slices.CompactFunc(all, Proxy.Is) // the known one of two
}

// podsOf are the pods of a Gateway: those that a Service is in front of, and where no
// Service says where they run, those of all namespaces that can be told apart.
func (w *World) podsOf(gw *networkingv1.Gateway) []Proxy {
	var pods []Proxy
	for _, service := range All[*corev1.Service](w) {
		pod := Proxy{Gateway: true, Namespace: service.Namespace, Labels: service.Spec.Selector, Known: true}
		if len(gw.Spec.GetSelector()) > 0 && len(pod.Labels) > 0 && pod.Serves(gw) {
			pods = append(pods, pod)
		}
	}
	if len(pods) > 0 {
		return pods
	}
	for _, namespace := range []string{gw.Namespace, Root, Elsewhere} {
		pods = append(pods, Proxy{Gateway: true, Namespace: namespace, Labels: gw.Spec.GetSelector()})
	}
	return pods
}

func (w *World) namespaces() []string {
	seen := map[string]bool{Elsewhere: true, Root: true}
	for _, o := range w.Objects {
		if o.GetNamespace() == "" {
			seen[o.GetName()] = true
			continue
		}
		seen[o.GetNamespace()] = true
		for _, name := range ExportTo(o) {
			if name = strings.TrimSpace(name); name != "" && !strings.Contains(".*~", name) {
				seen[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// ExportTo is where an object can be seen, as it is written [2.1].
func ExportTo(o Object) []string {
	switch o := o.(type) {
	case *corev1.Service:
		return strings.Split(o.Annotations["networking.istio.io/exportTo"], ",")
	case *networkingv1.ServiceEntry:
		return o.Spec.GetExportTo()
	case *networkingv1.DestinationRule:
		return o.Spec.GetExportTo()
	case *networkingv1.VirtualService:
		return o.Spec.GetExportTo()
	default:
		return nil
	}
}

// labelSets are the sets of labels by which anything tells sidecars apart, and those of
// workloads that have two of them.
func (w *World) labelSets() []map[string]string {
	sets := slices.DeleteFunc(w.selected(), func(set map[string]string) bool { return len(set) == 0 })
	for i, a := range slices.Clone(sets) {
		for _, b := range slices.Clone(sets[:i]) {
			if both, ok := union(a, b); ok {
				sets = append(sets, both)
			}
		}
	}
	text := func(set map[string]string) string { return labels.Set(set).String() }
	slices.SortFunc(sets, func(a, b map[string]string) int { return strings.Compare(text(a), text(b)) })
	return slices.CompactFunc(sets, maps.Equal)
}

// selected are the labels of each selector for workloads, empty where one has none.
func (w *World) selected() []map[string]string {
	var sets []map[string]string
	for _, dr := range All[*networkingv1.DestinationRule](w) {
		sets = append(sets, dr.Spec.GetWorkloadSelector().GetMatchLabels())
	}
	for _, sidecar := range All[*networkingv1.Sidecar](w) {
		sets = append(sets, sidecar.Spec.GetWorkloadSelector().GetLabels())
	}
	for _, vs := range All[*networkingv1.VirtualService](w) {
		sets = append(sets, sources(vs)...)
	}
	return sets
}

// sources are the labels of clients that each match of a VirtualService names.
func sources(vs *networkingv1.VirtualService) []map[string]string {
	var sets []map[string]string
	for _, http := range vs.Spec.GetHttp() {
		for _, match := range http.GetMatch() {
			sets = append(sets, match.GetSourceLabels())
		}
	}
	for _, tcp := range vs.Spec.GetTcp() {
		for _, match := range tcp.GetMatch() {
			sets = append(sets, match.GetSourceLabels())
		}
	}
	for _, tls := range vs.Spec.GetTls() {
		for _, match := range tls.GetMatch() {
			sets = append(sets, match.GetSourceLabels())
		}
	}
	return sets
}

// union are the labels of a workload that has both sets, and whether one can.
func union(a, b map[string]string) (both map[string]string, ok bool) {
	if labels.Conflicts(a, b) {
		return nil, false
	}
	return labels.Merge(a, b), true
}
