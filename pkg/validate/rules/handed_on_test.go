package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// handing makes an object of a mesh whose gateways end TLS and hand it on for the same few
// names, on the same pods.
func (a *anyMesh) handing(kind mesh.Kind, name string) *mesh.Object {
	namespace := among(a, "a", "b")
	content := spec{"metadata": a.metadata(kind, namespace, name)}
	names := func() string { return among(a, "api.com", "api.com", "shop.com", "*") }
	switch kind {
	case mesh.KindService:
		content["spec"] = spec{"selector": spec{"istio": "ingress"}, "ports": []spec{{"name": "http", "port": 80}}}
	case mesh.KindGateway:
		content["spec"] = spec{"selector": spec{"istio": "ingress"}, "servers": some(a, 1, 2, func() spec {
			server := spec{
				"hosts": some(a, 1, 2, func() string {
					return among(a, "*.com", "./*.com", "api.com", "./api.com", "a/api.com", "shop.com", "a/*", "*")
				}),
				"port": spec{"number": 443, "name": among(a, "p", "q"), "protocol": among(a, "HTTPS", "HTTPS", "TLS")},
				"tls":  spec{"mode": among(a, "SIMPLE", "PASSTHROUGH")},
			}
			if a.chance(4) {
				server["bind"] = "10.0.0.1"
			}
			if a.chance(8) {
				server["port"] = spec{"number": 443, "name": "http", "protocol": "HTTP"}
				delete(server, "tls")
			}
			return server
		})}
	default:
		content["spec"] = spec{
			"hosts":    []string{among(a, "*.com", "api.com", "*")},
			"gateways": some(a, 1, 2, func() string { return among(a, "a", "b") + "/" + among(a, "gateway-0", "gateway-1") }),
			"exportTo": a.exportTo(),
			"tls": some(a, 1, 2, func() spec {
				match := some(a, 1, 2, func() spec { return spec{"sniHosts": some(a, 1, 2, names)} })
				return spec{"match": match, "route": []spec{{"destination": spec{"host": a.host()}}}}
			}),
		}
	}
	return decoded(kind, content)
}

// TestHandedOn holds meshes that hand TLS on to the laws of any mesh: there a
// VirtualService decides about servers, and about what others hand on.
func TestHandedOn(t *testing.T) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	kinds := []mesh.Kind{mesh.KindService, mesh.KindGateway, mesh.KindVirtualService}
	names := map[mesh.Kind]string{mesh.KindService: "x", mesh.KindGateway: "gateway-%d", mesh.KindVirtualService: "route-%d"}
	clashes := 0
	for seed := range uint64(600) {
		a := newAnyMesh(seed)
		cfg := mesh.DefaultConfig()
		cfg.RootNamespace, cfg.Complete, cfg.ScopeGatewayToNamespace = "root", true, a.chance(8)
		one := func() *mesh.Object {
			kind := among(a, append(kinds[1:], kinds...)...)
			return a.handing(kind, named(names[kind], a.IntN(2)))
		}
		whole := mesh.Empty(cfg)
		for range 8 {
			object := one()
			whole = whole.Apply(mesh.Change{Old: whole.Get(object.Ref), New: object})
		}
		var objects []*mesh.Object
		for _, kind := range kinds {
			objects = slices.AppendSeq(objects, whole.Objects(kind, ""))
		}
		found := engine.All(whole)
		for _, f := range found {
			if strings.Contains(f.Message, " on for VirtualService ") {
				clashes++
			}
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			admitOneByOne(t, engine, cfg, objects, found)
			for range 8 {
				object := one()
				change := mesh.Change{Old: whole.Get(object.Ref), New: object}
				if change.Old != nil && a.chance(2) {
					change.New = nil
				}
				oneChange(t, engine, whole, change)
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if clashes < 30 {
		t.Errorf("a name is both handed on and not %d times only: the generator is starved", clashes)
	}
}
