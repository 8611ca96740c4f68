package test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// plain is a mesh of services, each with a DestinationRule of two subsets and a
// VirtualService that splits between them.
func plain(tb testing.TB, services int) *mesh.Snapshot {
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
		if i%10 == 7 { // every tenth service is open to the outside, by a Gateway of its own
			changes = append(changes,
				mesh.Change{New: object(tb, mesh.KindGateway, name, namespace, opened(i, 80))},
				mesh.Change{New: object(tb, mesh.KindVirtualService, name+"-outside", namespace, fmt.Sprintf(
					`{"hosts":["%[1]d.example.com"],"gateways":[%[2]q],"http":[{"route":[{"destination":{"host":%[2]q,"subset":"v2","port":{"number":80}}}]}]}`, i, name))},
			)
		}
	}
	return mesh.Empty(settings).Apply(changes...)
}

// opened is a Gateway for the name of one service, all of them on the same pods.
func opened(service, port int) string {
	return fmt.Sprintf(`{"selector":{"istio":"ingressgateway"},"servers":[{"port":{"number":%d,"name":"http","protocol":"HTTP"},"hosts":["%d.example.com"]}]}`, port, service)
}

func gateway(tb testing.TB, port int) *mesh.Object {
	return object(tb, mesh.KindGateway, "service-7", "team-7", opened(7, port))
}

func service(tb testing.TB, port int) *mesh.Object {
	return object(tb, mesh.KindService, "service-7", "team-7", fmt.Sprintf(`{"ports":[{"name":"http","port":%d}]}`, port))
}

// withoutV2 takes a subset away that a route still needs.
func withoutV2(tb testing.TB) mesh.Change {
	return mesh.Change{
		Old: object(tb, mesh.KindDestinationRule, "service-7", "team-7", `{"host":"service-7","subsets":[{"name":"v1"},{"name":"v2"}]}`),
		New: object(tb, mesh.KindDestinationRule, "service-7", "team-7", `{"host":"service-7","subsets":[{"name":"v1"}]}`),
	}
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
// of one in a small mesh, for a change of each kind that can break another.
func TestCostFollowsTheHost(t *testing.T) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	small, large := plain(t, 1_000), plain(t, 100_000)
	for name, change := range map[string]mesh.Change{
		"VirtualService":  toUndefined(t),
		"DestinationRule": withoutV2(t),
		"Service":         {Old: service(t, 80), New: service(t, 8080)},
		"Gateway":         {Old: gateway(t, 80), New: gateway(t, 8080)},
	} {
		if found := engine.Change(large, change).Introduced; name != "Gateway" && len(found) == 0 {
			t.Fatalf("%s: nothing is found, so nothing is measured", name)
		}
		allocations := func(in *mesh.Snapshot) float64 {
			return testing.AllocsPerRun(20, func() { engine.Change(in, change) })
		}
		few, many := allocations(small), allocations(large)
		t.Logf("%s: %.0f allocations among 1000 services, %.0f among 100000", name, few, many)
		if ratio := many / few; ratio > 1.05 || ratio < 0.95 {
			t.Errorf("%s: %.0f allocations among 1000 services, %.0f among 100000: a factor of %.2f", name, few, many, ratio)
		}
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
			snapshot := plain(b, services)
			change := toUndefined(b)
			b.ReportAllocs()
			for b.Loop() {
				engine.Change(snapshot, change)
			}
		})
	}
}

// BenchmarkAll judges whole meshes, and says what a service with its rule and its
// route takes up in a snapshot.
func BenchmarkAll(b *testing.B) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		b.Fatal(err)
	}
	for _, services := range []int{1_000, 4_000, 16_000} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			before := heap()
			snapshot := plain(b, services)
			held := heap() - before
			b.ReportAllocs()
			for b.Loop() {
				engine.All(snapshot)
			}
			b.ReportMetric(float64(held)/float64(services), "held-B/service")
		})
	}
}

// heap is what is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
