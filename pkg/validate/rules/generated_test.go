package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	typev1beta1 "istio.io/api/type/v1beta1"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

const generatedRoot = "istio-system"

var (
	generatedNamespaces = []string{"a", "b", generatedRoot}
	webLabels           = map[string]string{"app": "web"}
)

// generated is a small and nasty mesh: few names, so that everything collides.
type generated struct {
	cfg       mesh.Config
	services  []*corev1.Service
	entries   []*networkingv1.ServiceEntry
	rules     []*networkingv1.DestinationRule
	routes    []*networkingv1.VirtualService
	typed     []metav1.Object
	randomize *rand.Rand
}

func generate(seed uint64) *generated {
	g := &generated{cfg: mesh.DefaultConfig(), randomize: rand.New(rand.NewPCG(seed, 7))}
	g.cfg.Complete = g.one(2) == 0
	if g.one(4) == 0 {
		g.cfg.DefaultDestinationRuleExportTo = []string{"."}
	}
	for _, namespace := range generatedNamespaces[:2] {
		if g.one(3) > 0 {
			service := &corev1.Service{ObjectMeta: g.meta(namespace, "x")}
			g.services = append(g.services, service)
			g.typed = append(g.typed, service)
		}
		if g.one(3) > 0 {
			entry := &networkingv1.ServiceEntry{ObjectMeta: g.meta(namespace, "entry")}
			entry.Spec.Hosts = []string{pick(g, "api.com", "x.a.svc.cluster.local", "x.a.svc.cluster.local")}
			entry.Spec.ExportTo = pick(g, nil, nil, []string{"."}, []string{"b"})
			g.entries = append(g.entries, entry)
			g.typed = append(g.typed, entry)
		}
	}
	for _, namespace := range []string{"b", generatedRoot} {
		gateway := &networkingv1.Gateway{ObjectMeta: g.meta(namespace, "gateway")}
		gateway.Spec.Servers = []*networking.Server{{Hosts: []string{"*"}, Port: &networking.Port{Number: 80, Protocol: "HTTP", Name: "http"}}}
		g.typed = append(g.typed, gateway)
	}
	for i := range g.one(6) {
		g.rule(fmt.Sprintf("rule-%d", i))
	}
	for i := range 1 + g.one(3) {
		g.route(fmt.Sprintf("route-%d", i))
	}
	return g
}

func (g *generated) rule(name string) {
	namespace := pick(g, generatedNamespaces...)
	rule := &networkingv1.DestinationRule{ObjectMeta: g.meta(namespace, name)}
	rule.Spec.Host = pick(g, "x.a.svc.cluster.local", "x.a.svc.cluster.local", "x", "*.a.svc.cluster.local", "*.local", "*", "api.com", "*.com")
	rule.Spec.ExportTo = pick(g, nil, nil, []string{"*"}, []string{"."}, []string{namespace}, []string{"a"}, []string{".", "b"}, []string{"a", "b"})
	if g.one(4) == 0 {
		rule.Spec.WorkloadSelector = &typev1beta1.WorkloadSelector{MatchLabels: webLabels}
	}
	for _, subset := range []string{"v1", "v2"} {
		if g.one(2) == 0 {
			rule.Spec.Subsets = append(rule.Spec.Subsets, &networking.Subset{Name: subset})
		}
	}
	g.rules = append(g.rules, rule)
	g.typed = append(g.typed, rule)
}

func (g *generated) route(name string) {
	route := &networkingv1.VirtualService{ObjectMeta: g.meta(pick(g, generatedNamespaces...), name)}
	route.Spec.Hosts = []string{name + ".example.com"}
	route.Spec.ExportTo = pick(g, nil, nil, []string{"."}, []string{"a", "b"})
	route.Spec.Gateways = pick(g, nil, nil, []string{"mesh", "b/gateway"}, []string{generatedRoot + "/gateway"})
	route.Spec.Http = []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{
		Host:   pick(g, "x", "x.a.svc.cluster.local", "x.a.svc.cluster.local", "api.com"),
		Subset: pick(g, "v1", "v2"),
	}}}}}
	g.routes = append(g.routes, route)
	g.typed = append(g.typed, route)
}

func (g *generated) meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(1+g.one(3)), 0))}
}

func (g *generated) one(of int) int { return g.randomize.IntN(of) }

func pick[T any](g *generated, from ...T) T { return from[g.one(len(from))] }

func (g *generated) objects() []*mesh.Object {
	objects := make([]*mesh.Object, 0, len(g.typed))
	for _, typed := range g.typed {
		raw, err := json.Marshal(typed)
		if err != nil {
			panic(err)
		}
		object, err := mesh.Decode(mesh.Kind(reflect.TypeOf(typed).Elem().Name()), raw)
		if err != nil {
			panic(err)
		}
		objects = append(objects, object)
	}
	return objects
}

// TestGeneratedMeshes compares undefined-subset, which judges classes of
// viewpoints, with a model that plays istiod through for each single namespace,
// and holds the engine to its laws on meshes that nobody thought of.
func TestGeneratedMeshes(t *testing.T) {
	engine, err := validate.New(rules.UndefinedSubset)
	if err != nil {
		t.Fatal(err)
	}
	broken, fine := 0, 0
	for seed := range uint64(1500) {
		g := generate(seed)
		found := engine.All(mesh.Empty(g.cfg).Apply(creations(g.objects())...))
		ledger := ledgerOf(slices.DeleteFunc(slices.Clone(found), func(f rule.Finding) bool { return f.Severity != rule.Error }))
		model := newModel(g)
		for _, route := range g.routes {
			for _, at := range model.viewpoints(route) {
				wanted := model.lacks(route, at)
				if wanted {
					broken++
				} else {
					fine++
				}
				if got := holds(ledger, route, at); got != wanted {
					t.Fatalf("seed %d: %s/%s for %s: found %v, the model says %v\n%s", seed, route.Namespace, route.Name, at, got, wanted, g)
				}
			}
		}
		objects := g.objects()
		g.randomize.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		admitOneByOne(t, engine, g.cfg, objects, found)
	}
	if broken < 1000 || fine < 1000 {
		t.Errorf("%d viewpoints lack their subset and %d have it: the generator is starved", broken, fine)
	}
}

func holds(l ledger, route *networkingv1.VirtualService, at mesh.Viewpoint) bool {
	for id, viewpoints := range l {
		if id.Object.Namespace == route.Namespace && id.Object.Name == route.Name && viewpoints.Has(at) {
			return true
		}
	}
	return false
}

func (g *generated) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "complete %v, default exportTo %v\n", g.cfg.Complete, g.cfg.DefaultDestinationRuleExportTo)
	for _, typed := range g.typed {
		fmt.Fprintf(&b, "%T %s/%s age %d: ", typed, typed.GetNamespace(), typed.GetName(), typed.GetCreationTimestamp().Unix())
		switch o := typed.(type) {
		case *networkingv1.DestinationRule:
			b.WriteString(o.Spec.String())
		case *networkingv1.VirtualService:
			b.WriteString(o.Spec.String())
		case *networkingv1.ServiceEntry:
			b.WriteString(o.Spec.String())
		}
		b.WriteString("\n")
	}
	return b.String()
}

// model plays the lookup of DestinationRules through as docs/semantics.md words
// it [3.1-3.5], with an index per namespace, as istiod has it. It shares no code
// with the mesh package.
type model struct {
	*generated
	local, exported map[string]map[string][]*modelRule // namespace → host → merged
	rootLocal       map[string][]*modelRule
}

type modelRule struct {
	namespace string
	exportTo  map[string]bool
	selector  map[string]string
	subsets   map[string]bool
}

func newModel(g *generated) *model {
	m := &model{generated: g, local: map[string]map[string][]*modelRule{}, exported: map[string]map[string][]*modelRule{}, rootLocal: map[string][]*modelRule{}}
	for _, namespace := range generatedNamespaces {
		m.local[namespace] = map[string][]*modelRule{}
		m.exported[namespace] = map[string][]*modelRule{}
	}
	ordered := slices.Clone(g.rules)
	sort.SliceStable(ordered, func(i, j int) bool { return modelOrder(ordered[i]) < modelOrder(ordered[j]) })
	for _, r := range ordered {
		m.index(r)
	}
	return m
}

func modelOrder(r *networkingv1.DestinationRule) string {
	return fmt.Sprintf("%v %d %s %s", r.Spec.WorkloadSelector == nil, r.CreationTimestamp.Unix(), r.Name, r.Namespace)
}

func (m *model) index(r *networkingv1.DestinationRule) {
	host := modelHost(r.Spec.Host, r.Namespace)
	fragment := func() *modelRule {
		one := &modelRule{namespace: r.Namespace, exportTo: map[string]bool{}, selector: r.Spec.WorkloadSelector.GetMatchLabels(), subsets: map[string]bool{}}
		for _, to := range r.Spec.ExportTo {
			one.exportTo[to] = true
		}
		if one.selector != nil {
			one.exportTo = map[string]bool{".": true}
		}
		for _, subset := range r.Spec.Subsets {
			one.subsets[subset.Name] = true
		}
		return one
	}
	to := fragment().exportTo
	private := len(to) == 1 && (to["."] || to[r.Namespace])
	if len(to) == 0 {
		private = len(m.cfg.DefaultDestinationRuleExportTo) > 0
	}
	if len(to) == 0 || to["*"] || to["."] || to[r.Namespace] {
		modelMerge(m.local[r.Namespace], host, fragment())
	}
	if !private {
		modelMerge(m.exported[r.Namespace], host, fragment())
	} else if r.Namespace == generatedRoot {
		modelMerge(m.rootLocal, host, fragment())
	}
}

func modelMerge(index map[string][]*modelRule, host string, incoming *modelRule) {
	list := index[host]
	add := true
	for _, existing := range list {
		if maps.Equal(incoming.exportTo, existing.exportTo) {
			add = false
		} else {
			add = true
			covers := len(existing.exportTo) > 0
			for to := range existing.exportTo {
				covers = covers && incoming.exportTo[to]
			}
			if !covers {
				continue
			}
		}
		both := incoming.selector != nil && existing.selector != nil
		if both && !maps.Equal(incoming.selector, existing.selector) {
			add = true
			continue
		}
		if both || (incoming.selector == nil && existing.selector == nil) {
			add = false
		}
		maps.Copy(existing.subsets, incoming.subsets)
	}
	if add {
		index[host] = append(list, incoming)
	}
}

func modelHost(host, namespace string) string {
	if host == "*" || strings.Contains(host, ".") {
		return host
	}
	return host + "." + namespace + ".svc.cluster.local"
}

func modelSees(route *networkingv1.VirtualService, namespace string) bool {
	to := route.Spec.ExportTo
	return len(to) == 0 || slices.Contains(to, namespace) || (slices.Contains(to, ".") && namespace == route.Namespace)
}

// modelPods are the namespaces in which the pods of a namespace's gateway may run
// and see a route.
func modelPods(route *networkingv1.VirtualService, namespace string) []string {
	pods := []string{namespace}
	if namespace != generatedRoot {
		pods = append(pods, generatedRoot, "elsewhere")
	}
	return slices.DeleteFunc(pods, func(pod string) bool { return !modelSees(route, pod) })
}

// viewpoints are those that are given a route, each namespace with and without labels.
func (m *model) viewpoints(route *networkingv1.VirtualService) []mesh.Viewpoint {
	var list []mesh.Viewpoint
	gateways := route.Spec.Gateways
	for _, namespace := range append(slices.Clone(generatedNamespaces), "elsewhere") {
		if (len(gateways) == 0 || slices.Contains(gateways, "mesh")) && modelSees(route, namespace) {
			list = append(list, mesh.Viewpoint{Namespace: namespace}, mesh.Viewpoint{Namespace: namespace, Labels: "app=web"})
		}
		if gateway := namespace + "/gateway"; slices.Contains(gateways, gateway) && len(modelPods(route, namespace)) > 0 {
			list = append(list, mesh.Viewpoint{Gateway: gateway})
		}
	}
	return list
}

// lacks reports whether a viewpoint lacks the subset whatever the configuration
// does not tell: the pods of a gateway, and the namespace of an undeclared host.
func (m *model) lacks(route *networkingv1.VirtualService, at mesh.Viewpoint) bool {
	destination := route.Spec.Http[0].Route[0].Destination
	host := modelHost(destination.Host, route.Namespace)
	clients, labels := []string{at.Namespace}, []map[string]string{nil}
	if at.Labels != "" {
		labels = []map[string]string{webLabels}
	}
	if at.Gateway != "" {
		namespace, _, _ := strings.Cut(at.Gateway, "/")
		clients, labels = modelPods(route, namespace), []map[string]string{nil, webLabels}
	}
	answers := 0
	for _, client := range clients {
		for _, labels := range labels {
			for _, found := range m.answers(host, client, labels) {
				answers++
				if found != nil && found.subsets[destination.Subset] {
					return false
				}
			}
		}
	}
	return answers > 0
}

// answers are the rules that a client may get, nil for none.
func (m *model) answers(host, client string, labels map[string]string) []*modelRule {
	declared, serving := m.serving(host, client)
	var answers []*modelRule
	if declared {
		for _, namespace := range serving {
			answers = append(answers, m.lookup(host, client, labels, namespace))
		}
		return answers
	}
	for _, namespace := range generatedNamespaces {
		if found := m.lookup(host, client, labels, namespace); found != nil || m.cfg.Complete {
			answers = append(answers, found)
		}
	}
	return answers
}

// serving says whether the host is declared at all, and in which namespaces it
// may be for a client: its own, else a Kubernetes Service's, else those of all
// ServiceEntries that it sees.
func (m *model) serving(host, client string) (declared bool, namespaces []string) {
	kubernetes := ""
	for _, s := range m.services {
		if modelHost(s.Name, s.Namespace) == host {
			declared, kubernetes = true, s.Namespace
		}
	}
	for _, e := range m.entries {
		if e.Spec.Hosts[0] != host {
			continue
		}
		declared = true
		if e.Namespace == client {
			return true, []string{client}
		}
		if to := e.Spec.ExportTo; len(to) == 0 || slices.Contains(to, client) {
			namespaces = append(namespaces, e.Namespace)
		}
	}
	if kubernetes != "" {
		return true, []string{kubernetes}
	}
	return declared, namespaces
}

func (m *model) lookup(host, client string, labels map[string]string, serving string) *modelRule {
	own := m.local[client]
	if client == generatedRoot {
		own = m.rootLocal
	}
	if list := modelFind(own, host); list != nil {
		return modelPick(list, client, labels)
	}
	for _, namespace := range []string{serving, generatedRoot} {
		var seen []*modelRule
		for _, r := range modelFind(m.exported[namespace], host) {
			if len(r.exportTo) == 0 || r.exportTo["*"] || r.exportTo[client] {
				seen = append(seen, r)
			}
		}
		if len(seen) > 0 {
			return modelPick(seen, client, labels)
		}
	}
	return nil
}

func modelFind(index map[string][]*modelRule, host string) []*modelRule {
	if list := index[host]; list != nil {
		return list
	}
	best := ""
	for key := range index {
		if strings.HasPrefix(key, "*") && strings.HasSuffix(host, key[1:]) && len(key) > len(best) {
			best = key
		}
	}
	return index[best]
}

func modelPick(list []*modelRule, client string, labels map[string]string) *modelRule {
	var plain *modelRule
	for _, r := range list {
		switch {
		case r.selector == nil:
			plain = r
		case r.namespace == client && labels != nil:
			return r
		}
	}
	return plain
}
