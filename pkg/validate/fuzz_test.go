package validate_test

import (
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// FuzzChange judges two objects of any kinds and content: nothing panics, and
// taking both away again leaves no finding.
func FuzzChange(f *testing.F) {
	seeds := map[mesh.Kind]string{
		mesh.KindVirtualService:  `{"metadata":{"name":"x","namespace":"a"},"spec":{"hosts":["x"],"gateways":["/","a/b/c",".","g"],"http":[null,{"match":[null],"route":[null,{"destination":{"host":"*","subset":"v1"},"weight":-1}]},{"delegate":{"name":"x"}}],"tcp":[{"route":[{"weight":1},{"weight":2147483647}]}],"tls":[{}]}}`,
		mesh.KindDestinationRule: `{"metadata":{"name":"x","namespace":"a"},"spec":{"host":"*.x\u0000","subsets":[null,{"name":"v1"}],"exportTo":["","."],"workloadSelector":{}}}`,
		mesh.KindGateway:         `{"metadata":{"name":"g","namespace":"a"},"spec":{"selector":{"":""},"servers":[null,{"hosts":["*/*","./a","/"],"port":{"number":80,"protocol":"HTTP"}},{"hosts":["./a"],"tls":{},"port":{"protocol":"TLS"}}]}}`,
		mesh.KindServiceEntry:    `{"metadata":{"name":"x"},"spec":{"hosts":["*",""],"ports":[null,{"number":1}],"endpoints":[null]}}`,
		mesh.KindSidecar:         `{"metadata":{"name":"x","namespace":"a"},"spec":{"egress":[null,{"hosts":["/","~","./*","a"]}]}}`,
		mesh.KindService:         `{"metadata":{"name":"x","namespace":"a"},"spec":{"ports":[{"port":-1}],"selector":{"":""}}}`,
		mesh.KindHTTPRoute:       `{"metadata":{"name":"x"},"spec":{"hostnames":["*"],"parentRefs":[{},{"kind":"Service","name":""}]}}`,
		mesh.KindIngress:         `{"metadata":{"name":"x"},"spec":{"ingressClassName":"istio","rules":[{}]}}`,
		mesh.KindNamespace:       `{"metadata":{"name":"a"}}`,
	}
	kinds := mesh.Kinds()
	for i, first := range kinds {
		for j, second := range kinds {
			f.Add(uint8(i), []byte(seeds[first]), uint8(j), []byte(seeds[second]))
		}
	}
	engine, err := validate.New(rules.All()...)
	if err != nil {
		f.Fatal(err)
	}
	settings := mesh.DefaultConfig()
	settings.Complete = true
	f.Fuzz(func(t *testing.T, one uint8, first []byte, two uint8, second []byte) {
		a, err := mesh.Decode(kinds[int(one)%len(kinds)], first)
		if err != nil {
			return
		}
		b, err := mesh.Decode(kinds[int(two)%len(kinds)], second)
		if err != nil {
			return
		}
		before := mesh.Empty(settings).Apply(mesh.Change{New: a})
		engine.Change(before, mesh.Change{New: b})
		after := before.Apply(mesh.Change{New: b})
		for _, found := range engine.All(after) {
			found.Block(found.Fix)
		}
		engine.Change(after, mesh.Change{Old: a})
		if left := engine.All(after.Apply(mesh.Change{Old: a}, mesh.Change{Old: b})); len(left) > 0 {
			t.Errorf("left: %s", left[0].Title())
		}
	})
}
