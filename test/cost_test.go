package test

import (
	"fmt"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// sized is a mesh of services, each with a DestinationRule of two subsets and a
// VirtualService that splits between them.
func sized(tb testing.TB, services int) *mesh.Snapshot {
	tb.Helper()
	settings := mesh.DefaultConfig()
	settings.Complete = true
	changes := make([]mesh.Change, 0, 3*services)
	for i := range services {
		name, namespace := fmt.Sprintf("service-%d", i), fmt.Sprintf("team-%d", i%100)
		changes = append(changes,
			mesh.Change{New: object(tb, mesh.KindService, name, namespace, `{"ports":[{"name":"http","port":80}]}`)},
			mesh.Change{New: object(tb, mesh.KindDestinationRule, name, namespace, fmt.Sprintf(`{"host":%q,"subsets":[{"name":"v1"},{"name":"v2"}]}`, name))},
			mesh.Change{New: route(tb, name, namespace, "v2")},
		)
	}
	return mesh.Empty(settings).Apply(changes...)
}

// toUndefined moves a tenth of the traffic of one service to a subset that is not there.
func toUndefined(tb testing.TB) mesh.Change {
	return mesh.Change{
		Old: route(tb, "service-7", "team-7", "v2"),
		New: route(tb, "service-7", "team-7", "v3"),
	}
}

// route sends 90 % of the traffic to v1 and the rest to another subset.
func route(tb testing.TB, name, namespace, other string) *mesh.Object {
	return object(tb, mesh.KindVirtualService, name, namespace, fmt.Sprintf(
		`{"hosts":[%[1]q],"http":[{"route":[{"destination":{"host":%[1]q,"subset":"v1"},"weight":90},{"destination":{"host":%[1]q,"subset":%[2]q},"weight":10}]}]}`,
		name, other))
}

func object(tb testing.TB, kind mesh.Kind, name, namespace, spec string) *mesh.Object {
	tb.Helper()
	o, err := mesh.Decode(kind, fmt.Appendf(nil, `{"metadata":{"name":%q,"namespace":%q},"spec":%s}`, name, namespace, spec))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// TestCostFollowsTheHost holds one admission in a large mesh to the allocations
// of one in a small mesh.
func TestCostFollowsTheHost(t *testing.T) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	allocations := func(services int) float64 {
		snapshot := sized(t, services)
		change := toUndefined(t)
		if found := engine.Change(snapshot, change).Introduced; len(found) != 1 {
			t.Fatalf("%d findings, want 1", len(found))
		}
		return testing.AllocsPerRun(20, func() { engine.Change(snapshot, change) })
	}
	small, large := allocations(500), allocations(10_000)
	if ratio := large / small; ratio > 1.05 {
		t.Errorf("%.0f allocations among 500 services, %.0f among 10000: a factor of %.2f", small, large, ratio)
	}
}

// BenchmarkChange judges one VirtualService in meshes of growing size.
func BenchmarkChange(b *testing.B) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		b.Fatal(err)
	}
	for _, services := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			snapshot := sized(b, services)
			change := toUndefined(b)
			b.ReportAllocs()
			for b.Loop() {
				engine.Change(snapshot, change)
			}
		})
	}
}
