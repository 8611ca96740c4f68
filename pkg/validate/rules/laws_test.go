package rules_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// spec is a part of an object as JSON has it.
type spec = map[string]any

// anyMesh makes meshes of all kinds out of few names, so that everything meets
// everything. It aims at what rests on something else, not at being right.
type anyMesh struct {
	*rand.Rand
}

func newAnyMesh(seed uint64) *anyMesh { return &anyMesh{rand.New(rand.NewPCG(seed, 11))} }

func (a *anyMesh) chance(of int) bool { return a.IntN(of) == 0 }

func among[T any](a *anyMesh, from ...T) T { return from[a.IntN(len(from))] }

func (a *anyMesh) config() mesh.Config {
	cfg := mesh.DefaultConfig()
	cfg.RootNamespace = "root"
	cfg.Complete = !a.chance(3)
	if a.chance(5) {
		cfg.DiscoverySelectors = []labels.Selector{labels.SelectorFromSet(labels.Set{"mesh": "on"})}
	}
	if a.chance(5) {
		cfg.DefaultDestinationRuleExportTo = []string{"."}
	}
	if a.chance(5) {
		cfg.DefaultVirtualServiceExportTo = []string{"."}
	}
	if a.chance(5) {
		cfg.Tenants = []mesh.Tenant{{Name: "blue", Namespaces: []mesh.Glob{"a"}, Hosts: []mesh.Glob{"*.com"}}}
	}
	return cfg
}

func (a *anyMesh) namespace() string { return among(a, "a", "a", "b", "root") }

func (a *anyMesh) host() string {
	return among(a, "x", "x.a.svc.cluster.local", "x.a.svc.cluster.local", "y.b.svc.cluster.local", "x.a", "api.com", "shop.com", "*.com", "alias.a.svc.cluster.local", "*.a.svc.cluster.local")
}

func (a *anyMesh) exportTo() []string {
	return among(a, nil, nil, nil, []string{"*"}, []string{"."}, []string{"a"}, []string{".", "b"}, []string{"a", "b"})
}

// some returns at least and at most so many of what one makes.
func some[T any](a *anyMesh, least, most int, one func() T) []T {
	var list []T
	for range least + a.IntN(most-least+1) {
		list = append(list, one())
	}
	return list
}

// object makes an object of a kind and an index, which is its name but for
// Services, whose name is their host.
func (a *anyMesh) object(kind mesh.Kind, name string) *mesh.Object {
	namespace := a.namespace()
	content := spec{"metadata": a.metadata(kind, namespace, name)}
	switch kind {
	case mesh.KindService:
		content["spec"] = a.service(name)
	case mesh.KindServiceEntry:
		content["spec"] = a.serviceEntry()
	case mesh.KindDestinationRule:
		content["spec"] = a.destinationRule()
	case mesh.KindVirtualService:
		content["spec"] = a.virtualService()
	case mesh.KindGateway:
		content["spec"] = a.gateway()
	case mesh.KindSidecar:
		content["spec"] = a.sidecar()
	case mesh.KindHTTPRoute:
		content["spec"] = spec{
			"hostnames":  []string{a.host()},
			"parentRefs": []spec{among(a, spec{"name": "api"}, spec{"kind": "Service", "name": "x"}, spec{"name": "api", "namespace": "root"})},
		}
	case mesh.KindNamespace: // its labels are all that counts
	case mesh.KindIngress:
		content["spec"] = spec{"ingressClassName": among(a, "istio", "other"), "rules": []spec{{"host": among(a, "shop.com", "api.com")}}}
	}
	return decoded(kind, content)
}

func decoded(kind mesh.Kind, content spec) *mesh.Object {
	raw, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	object, err := mesh.Decode(kind, raw)
	if err != nil {
		panic(fmt.Sprintf("%v: %s", err, raw))
	}
	return object
}

func (a *anyMesh) metadata(kind mesh.Kind, namespace, name string) spec {
	metadata := spec{"namespace": namespace, "name": name}
	if !a.chance(3) {
		metadata["creationTimestamp"] = time.Unix(int64(1+a.IntN(4)), 0).UTC().Format(time.RFC3339)
	}
	if kind == mesh.KindNamespace {
		metadata["labels"] = spec{"mesh": among(a, "on", "off")}
	} else if a.chance(10) {
		metadata["labels"] = spec{"istio.io/rev": among(a, "default", "canary")}
	}
	if kind == mesh.KindService && a.chance(5) {
		metadata["annotations"] = spec{"networking.istio.io/exportTo": among(a, ".", "~", "a,b")}
	}
	return metadata
}

func (a *anyMesh) service(name string) spec {
	if strings.HasPrefix(name, "alias") {
		alias := spec{"type": "ExternalName", "externalName": among(a, "x.a.svc.cluster.local", "api.com", "y.b.svc.cluster.local")}
		if a.chance(2) {
			alias["ports"] = []spec{among(a, spec{"name": "http", "port": 80}, spec{"name": "http-alt", "port": 9080})}
		}
		return alias
	}
	service := spec{"ports": some(a, 1, 2, func() spec {
		return among(a, spec{"name": "http", "port": 80}, spec{"name": "http-alt", "port": 9080}, spec{"name": "tcp", "port": 9000}, spec{"name": "tls", "port": 443}, spec{"name": "any", "port": 7000})
	})}
	if !a.chance(3) {
		service["selector"] = among(a, spec{"app": "web"}, spec{"istio": "ingress", "app": "gateway"})
	}
	return service
}

func (a *anyMesh) serviceEntry() spec {
	entry := spec{
		"hosts":      some(a, 1, 2, func() string { return among(a, "api.com", "*.com", "shop.com", "x.a.svc.cluster.local") }),
		"ports":      []spec{{"number": among(a, 80, 443), "name": "p", "protocol": among(a, "HTTP", "TLS", "TCP")}},
		"resolution": among(a, "STATIC", "DNS", "NONE"),
		"exportTo":   a.exportTo(),
	}
	if a.chance(2) {
		entry["endpoints"] = some(a, 1, 2, func() spec {
			return spec{"address": "1.1.1.1", "labels": spec{"version": among(a, "v1", "v2")}}
		})
	}
	return entry
}

func (a *anyMesh) destinationRule() spec {
	rule := spec{
		"host":     among(a, "x.a.svc.cluster.local", "x.a.svc.cluster.local", a.host(), a.host(), "*.a.svc.cluster.local", "*"),
		"exportTo": among(a, nil, nil, a.exportTo()),
		"subsets": some(a, 0, 2, func() spec {
			subset := spec{"name": among(a, "v1", "v2"), "labels": spec{"version": among(a, "v1", "v2", "v3")}}
			if a.chance(3) {
				subset["trafficPolicy"] = spec{"tls": spec{"mode": "DISABLE"}}
			}
			return subset
		}),
	}
	if a.chance(5) {
		rule["workloadSelector"] = spec{"matchLabels": spec{"app": "web"}}
	}
	if a.chance(2) {
		rule["trafficPolicy"] = spec{"tls": spec{"mode": among(a, "DISABLE", "ISTIO_MUTUAL")}}
	}
	return rule
}

func (a *anyMesh) virtualService() spec {
	service := spec{"exportTo": a.exportTo()}
	if !a.chance(5) {
		service["hosts"] = some(a, 1, 2, a.host)
	}
	switch {
	case a.chance(4): // a gateway where many meet
		service["hosts"], service["gateways"] = []string{"shop.com"}, []string{"a/gateway-0"}
	case a.chance(2):
		service["gateways"] = some(a, 1, 2, a.gatewayName)
	}
	if !a.chance(8) {
		service["http"] = some(a, 1, 3, a.httpRoute)
	}
	if a.chance(8) {
		service["tcp"] = some(a, 1, 2, func() spec {
			return spec{"match": some(a, 0, 1, func() spec { return spec{"port": 9000} }), "route": some(a, 1, 2, a.destination)}
		})
	}
	if a.chance(8) {
		service["tls"] = []spec{{"match": []spec{{"sniHosts": []string{"api.com"}}}, "route": some(a, 1, 2, a.destination)}}
	}
	return service
}

func (a *anyMesh) gatewayName() string {
	return among(a, "mesh", "gateway-0", "a/gateway-0", "b/gateway-1", "root/gateway-0", "root/api-istio-autogenerated-k8s-gateway-http")
}

func (a *anyMesh) httpRoute() spec {
	route := spec{"match": some(a, 0, 2, a.httpMatch)}
	switch {
	case a.chance(6):
		route["redirect"] = spec{"uri": "/"}
	case a.chance(5):
		route["delegate"] = among(a, spec{"name": "route-0"}, spec{"name": "route-1", "namespace": "a"}, spec{"name": "route-2", "namespace": "b"})
	default:
		route["route"] = some(a, 1, 2, a.destination)
	}
	if a.chance(6) {
		route["mirror"] = a.destination()["destination"]
	}
	return route
}

func (a *anyMesh) httpMatch() spec {
	match := spec{}
	if !a.chance(3) {
		match["uri"] = among(a, spec{"prefix": "/"}, spec{"prefix": "/a"}, spec{"exact": "/a"}, spec{"regex": ".*"}, spec{"prefix": ""})
	}
	if a.chance(4) {
		match["headers"] = spec{"end-user": among(a, spec{"exact": "jason"}, spec{})}
	}
	if a.chance(5) {
		match["port"] = among(a, 80, 9080)
	}
	if a.chance(5) {
		match["sourceNamespace"] = a.namespace()
	}
	if a.chance(5) {
		match["sourceLabels"] = spec{"app": "web"}
	}
	if a.chance(5) {
		match["gateways"] = []string{a.gatewayName()}
	}
	return match
}

func (a *anyMesh) destination() spec {
	destination := spec{"host": a.host()}
	if a.chance(2) {
		destination["subset"] = among(a, "v1", "v2")
	}
	if a.chance(3) {
		destination["port"] = spec{"number": among(a, 80, 9080, 9000)}
	}
	return spec{"destination": destination, "weight": among(a, 0, 10, 90)}
}

func (a *anyMesh) gateway() spec {
	return spec{
		"selector": among(a, spec{"istio": "ingress"}, spec{"istio": "ingress"}, spec{"app": "other"}, nil),
		"servers": some(a, 1, 2, func() spec {
			server := spec{
				"hosts": some(a, 1, 2, func() string {
					return among(a, "*", "shop.com", "Shop.com", "./shop.com", "a/*", "*/*", "*.com", "api.com")
				}),
				"port": spec{"number": among(a, 80, 443), "name": "p", "protocol": among(a, "HTTP", "HTTP", "HTTPS", "TLS", "TCP")},
			}
			if a.chance(2) {
				server["tls"] = among(a, spec{"mode": "SIMPLE"}, spec{"mode": "PASSTHROUGH"}, spec{"mode": "AUTO_PASSTHROUGH"}, spec{"httpsRedirect": true})
			}
			return server
		}),
	}
}

func (a *anyMesh) sidecar() spec {
	sidecar := spec{"egress": []spec{{"hosts": some(a, 1, 2, func() string { return among(a, "./*", "*/*", "a/*", "*/api.com", "~/*") })}}}
	if a.chance(3) {
		sidecar["workloadSelector"] = spec{"labels": spec{"app": "web"}}
	}
	return sidecar
}

// objects makes the objects of a mesh, at most one of each name.
func (a *anyMesh) objects() []*mesh.Object {
	byRef := map[mesh.Ref]*mesh.Object{}
	add := func(kind mesh.Kind, most int, names ...string) {
		for i := range a.IntN(most + 1) {
			object := a.object(kind, named(names[i%len(names)], i))
			byRef[object.Ref] = object
		}
	}
	add(mesh.KindService, 4, "x", "y", "alias", "x")
	add(mesh.KindServiceEntry, 2, "entry-%d")
	add(mesh.KindDestinationRule, 6, "rule-%d")
	add(mesh.KindVirtualService, 5, "route-%d")
	add(mesh.KindGateway, 3, "gateway-%d")
	add(mesh.KindHTTPRoute, 1, "http-%d")
	add(mesh.KindIngress, 1, "ingress-%d")
	if a.chance(3) {
		add(mesh.KindNamespace, 2, "a", "b")
	}
	if a.chance(3) {
		add(mesh.KindSidecar, 2, "sidecar-%d")
	}
	if a.chance(12) {
		crowd := a.crowd()
		byRef[crowd.Ref] = crowd
	}
	objects := make([]*mesh.Object, 0, len(byRef))
	for _, object := range byRef {
		objects = append(objects, object)
	}
	slices.SortFunc(objects, func(a, b *mesh.Object) int { return a.Ref.Compare(b.Ref) })
	return objects
}

// crowd declares about as many hosts under a wildcard as are looked at one by one: one
// more or less changes what may be said of all of them.
func (a *anyMesh) crowd() *mesh.Object {
	under := among(a, ".com", ".a.svc.cluster.local")
	hosts := make([]string, 0, 64)
	for i := range 61 + a.IntN(5) {
		hosts = append(hosts, fmt.Sprint("c", i, under))
	}
	return decoded(mesh.KindServiceEntry, spec{
		"metadata": spec{"namespace": a.namespace(), "name": "crowd"},
		"spec":     spec{"hosts": hosts, "ports": []spec{{"number": 80, "name": "http", "protocol": "HTTP"}}, "resolution": "DNS"},
	})
}

// named puts an index into a name that has a place for one.
func named(name string, index int) string { return strings.Replace(name, "%d", fmt.Sprint(index), 1) }

// TestLaws holds all rules together to what design and contract promise of them,
// on meshes that nobody thought of.
func TestLaws(t *testing.T) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	fired := map[string]int{}
	for seed := range uint64(2500) {
		a := newAnyMesh(seed)
		cfg, objects := a.config(), a.objects()
		whole := mesh.Empty(cfg).Apply(creations(objects)...)
		found := engine.All(whole)
		for _, name := range names(found) {
			fired[name]++
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			shuffled := slices.Clone(objects)
			a.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if diff := cmp.Diff(texts(found), texts(engine.All(mesh.Empty(cfg).Apply(creations(shuffled)...)))); diff != "" {
				t.Fatalf("another order of the objects gives other findings:\n%s", diff)
			}
			admitOneByOne(t, engine, cfg, shuffled, found)
			for range 3 {
				oneChange(t, engine, whole, a.change(whole, objects))
			}
			again := newAnyMesh(seed)
			again.config()
			for i, pristine := range again.objects() {
				if !mesh.Same(pristine, objects[i]) {
					t.Errorf("judging changed %s", pristine)
				}
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Log(fired)
	for _, r := range rules.All() {
		if fired[r.Name] < 10 {
			t.Errorf("%s was found in %d of 2500 meshes: the generator is starved", r.Name, fired[r.Name])
		}
	}
}

// oneChange checks what must hold of any single change: that nothing changes away
// from what it touches, that the verdict is the same whenever it is asked for, and
// that undoing it restores what was.
func oneChange(t *testing.T, engine *validate.Engine, whole *mesh.Snapshot, change mesh.Change) {
	t.Helper()
	after := whole.Apply(change)
	touched := map[mesh.Key]bool{}
	for _, key := range validate.Touched(whole, after, change.Ref()) {
		touched[key] = true
	}
	away := func(s *mesh.Snapshot) []string {
		keys := slices.DeleteFunc(s.Keys(), func(key mesh.Key) bool { return touched[key] })
		return texts(engine.At(s, keys))
	}
	if diff := cmp.Diff(away(whole), away(after)); diff != "" {
		t.Fatalf("%s changed something away from what it touches:\n%s", change.Ref(), diff)
	}
	first, second := engine.Change(whole, change), engine.Change(whole, change)
	if diff := cmp.Diff(texts(first.Introduced), texts(second.Introduced)); diff != "" {
		t.Fatalf("asked twice, %s is judged differently:\n%s", change.Ref(), diff)
	}
	undone := after.Apply(mesh.Change{Old: change.New, New: change.Old})
	if diff := cmp.Diff(texts(engine.All(whole)), texts(engine.All(undone))); diff != "" {
		t.Fatalf("undoing %s does not restore the findings:\n%s", change.Ref(), diff)
	}
}

// change makes a creation, an update or a deletion.
func (a *anyMesh) change(whole *mesh.Snapshot, objects []*mesh.Object) mesh.Change {
	kind := among(a, mesh.Kinds()...)
	if len(objects) == 0 || a.chance(3) {
		object := a.object(kind, among(a, "new", "a"))
		return mesh.Change{Old: whole.Get(object.Ref), New: object}
	}
	old := among(a, objects...)
	if a.chance(2) {
		return mesh.Change{Old: old}
	}
	for {
		if object := a.object(old.Kind, old.Name); object.Ref == old.Ref {
			return mesh.Change{Old: old, New: object}
		}
	}
}

func texts(found []rule.Finding) []string {
	list := make([]string, 0, len(found))
	for i := range found {
		list = append(list, string(found[i].Severity)+" "+found[i].Block(found[i].Fix))
	}
	return list
}

func names(found []rule.Finding) []string {
	var list []string
	for _, f := range found {
		list = append(list, f.Rule.Name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
