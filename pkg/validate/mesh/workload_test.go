package mesh_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// TestTouchedByTheLastServiceTooMany holds that a Gateway is judged anew when a
// Service that is not in front of its pods decides whether they are looked for.
func TestTouchedByTheLastServiceTooMany(t *testing.T) {
	labels := map[string]string{"app": "x", "istio": "ingress"}
	gateway := object(t, mesh.KindGateway, "default", "gw", map[string]any{"selector": labels})
	changes := []mesh.Change{{New: gateway}, {New: object(t, mesh.KindService, "edge", "front", map[string]any{"selector": labels})}}
	for i := range 63 {
		other := object(t, mesh.KindService, "default", fmt.Sprint("other-", i), map[string]any{"selector": map[string]string{"app": "x"}})
		changes = append(changes, mesh.Change{New: other})
	}
	few := mesh.Empty(mesh.DefaultConfig()).Apply(changes...)
	last := object(t, mesh.KindService, "default", "last", map[string]any{"selector": map[string]string{"app": "x"}})
	many := few.Apply(mesh.Change{New: last})

	_, before := few.View().PodsOf("default/gw")
	_, after := many.View().PodsOf("default/gw")
	if !before || after {
		t.Fatalf("the pods are known: %t before and %t after one Service too many", before, after)
	}
	if !slices.Contains(many.Touched(last.Ref), mesh.Key{Subject: mesh.SubjectGateway, Name: "default/gw"}) {
		t.Error("the Gateway is not touched")
	}
}

func object(t *testing.T, kind mesh.Kind, namespace, name string, spec map[string]any) *mesh.Object {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"metadata": map[string]string{"namespace": namespace, "name": name}, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	o, err := mesh.Decode(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
