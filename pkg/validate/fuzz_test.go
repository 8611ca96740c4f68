package validate_test

import (
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// FuzzChange judges objects of any content: nothing panics, and taking the change
// back leaves no finding that was not there before.
func FuzzChange(f *testing.F) {
	f.Add([]byte(`{"metadata":{"name":"x","namespace":"a"},"spec":{"hosts":["x"],"http":[null,{"match":[null],"route":[null,{"destination":{"host":"*","subset":"v1"},"weight":-1}]}]}}`),
		[]byte(`{"metadata":{"name":"x","namespace":"a"},"spec":{"host":"*","subsets":[null,{"name":"v1"}],"exportTo":["","."],"workloadSelector":{}}}`))
	f.Add([]byte(`{"metadata":{"name":"x"},"spec":{"hosts":["x"],"gateways":["/","a/b/c","."],"tcp":[{"route":[{"weight":1},{"weight":2147483647}]}],"tls":[{}]}}`),
		[]byte(`{"metadata":{"name":"x"},"spec":{"host":"*.x\u0000","exportTo":["~","*"]}}`))
	engine, err := validate.New(rules.All()...)
	if err != nil {
		f.Fatal(err)
	}
	settings := mesh.DefaultConfig()
	settings.Complete = true
	f.Fuzz(func(t *testing.T, route, rule []byte) {
		virtualService, err := mesh.Decode(mesh.KindVirtualService, route)
		if err != nil {
			return
		}
		destinationRule, err := mesh.Decode(mesh.KindDestinationRule, rule)
		if err != nil {
			return
		}
		before := mesh.Empty(settings).Apply(mesh.Change{New: destinationRule})
		engine.Change(before, mesh.Change{New: virtualService})
		after := before.Apply(mesh.Change{New: virtualService})
		for _, found := range engine.All(after) {
			found.Block(found.Fix)
		}
		engine.Change(after, mesh.Change{Old: destinationRule})
		if left := engine.All(after.Apply(mesh.Change{Old: virtualService})); len(left) > 0 {
			t.Errorf("left: %s", left[0].Title())
		}
	})
}
