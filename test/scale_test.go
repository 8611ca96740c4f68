package test

import (
	"fmt"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"github.com/meshward/meshward/pkg/audit"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/sized"
)

func judge(tb testing.TB) *validate.Engine {
	tb.Helper()
	engine, err := validate.New(rules.All()...)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

func shaped(tb testing.TB, services int, more ...*mesh.Object) *mesh.Snapshot {
	tb.Helper()
	snapshot, err := sized.Snapshot(services, more...)
	if err != nil {
		tb.Fatal(err)
	}
	return snapshot
}

func with(tb testing.TB, kind mesh.Kind, service int, name string, spec map[string]any) *mesh.Object {
	tb.Helper()
	object, err := sized.With(kind, service, name, spec)
	if err != nil {
		tb.Fatal(err)
	}
	return object
}

// admission is a change of one kind that is to be judged.
type admission struct {
	name string
	mesh.Change
	breaks bool // whether it brings an error in
}

// admissions are changes at the first services, which every mesh has.
func admissions(tb testing.TB) []admission {
	change := func(kind mesh.Kind, service int, name string, old, now map[string]any) mesh.Change {
		return mesh.Change{Old: with(tb, kind, service, name, old), New: with(tb, kind, service, name, now)}
	}
	return []admission{
		{"VirtualService", change(mesh.KindVirtualService, 7, sized.Name(7), sized.Route(7, "v2"), sized.Route(7, "v3")), true},
		{"fragment", change(mesh.KindVirtualService, 17, sized.Name(17)+"-outside", sized.Fragment(17, "v2"), sized.Fragment(17, "v3")), true},
		{"crowded-fragment", change(mesh.KindVirtualService, 7, sized.Name(7)+"-outside", sized.Fragment(7, "v2"), sized.Fragment(7, "v3")), true},
		{"DestinationRule", change(mesh.KindDestinationRule, 7, sized.Name(7), sized.Rule(7, "v1", "v2"), sized.Rule(7, "v1")), true},
		{"Service", change(mesh.KindService, 7, sized.Name(7), sized.Service(80), sized.Service(8080)), true},
		{"ServiceEntry", change(mesh.KindServiceEntry, 20, sized.Name(20)+"-partner", sized.Partner(20, 443), sized.Partner(20, 8443)), false},
		{"Gateway", change(mesh.KindGateway, 3, sized.Name(3), sized.Opening("service-3.example.net"), sized.Opening("service-3.example.net", "3.example.net")), false},
	}
}

// curve is how big the meshes are. The biggest takes half a gigabyte.
var curve = []int{100, 1_000, 10_000, 100_000}

// BenchmarkCurve measures what there is to measure of meshes of growing size, each of which
// it makes once.
func BenchmarkCurve(b *testing.B) {
	engine := judge(b)
	for _, services := range curve {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			before := heap()
			snapshot := shaped(b, services)
			held := float64(heap()-before) / float64(services)
			for _, a := range admissions(b) {
				b.Run("admit="+a.name, func(b *testing.B) { judged(b, engine, snapshot, a) })
			}
			b.Run("audit", func(b *testing.B) {
				share := collecting()
				b.ReportAllocs()
				for b.Loop() {
					engine.All(snapshot)
				}
				b.ReportMetric(share(), "%gc")
				b.ReportMetric(held, "held-B/service")
			})
			b.Run("audit-first", func(b *testing.B) {
				refs := slices.Collect(everything(snapshot))
				b.ReportAllocs()
				for b.Loop() {
					audit.NewLedger(engine, asFound).Advance(snapshot, refs)
				}
			})
			b.Run("audit-change", func(b *testing.B) { followed(b, engine, snapshot) })
		})
	}
}

// judged measures one admission, of which the slow ones count as well as the median.
func judged(b *testing.B, engine *validate.Engine, snapshot *mesh.Snapshot, a admission) {
	if found := errorsAmong(engine.Change(snapshot, a.Change).Introduced); a.breaks != (found > 0) {
		b.Fatalf("%d errors are found", found)
	}
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		engine.Change(snapshot, a.Change)
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
}

func errorsAmong(findings []rule.Finding) (errors int) {
	for _, f := range findings {
		if f.Severity == rule.Error {
			errors++
		}
	}
	return errors
}

// asFound decides nothing about findings.
func asFound(_ *mesh.Snapshot, found []rule.Finding) []rule.Finding { return found }

// followed measures what the audit does after a change of one VirtualService.
func followed(b *testing.B, engine *validate.Engine, snapshot *mesh.Snapshot) {
	change := admissions(b)[0].Change
	states := []*mesh.Snapshot{snapshot, snapshot.Apply(change)}
	ledger := audit.NewLedger(engine, asFound)
	ledger.Advance(snapshot, slices.Collect(everything(snapshot)))
	b.ReportAllocs()
	turn := 0
	for b.Loop() {
		turn++
		ledger.Advance(states[turn%2], []mesh.Ref{change.Ref()})
	}
}

// everything are the names of all objects of a mesh.
func everything(snapshot *mesh.Snapshot) func(func(mesh.Ref) bool) {
	return func(yield func(mesh.Ref) bool) {
		for _, kind := range mesh.Kinds() {
			for object := range snapshot.Objects(kind, "") {
				if !yield(object.Ref) {
					return
				}
			}
		}
	}
}

// collecting returns what says, in per cent, how much of the work since was the garbage
// collector's.
func collecting() (share func() float64) {
	read := func() (collector, idle, all float64) {
		samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}}
		metrics.Read(samples)
		return samples[0].Value.Float64(), samples[1].Value.Float64(), samples[2].Value.Float64()
	}
	collector, idle, all := read()
	return func() float64 {
		heap() // the figures are those of the last collection
		c, i, a := read()
		return 100 * (c - collector) / max((a-all)-(i-idle), 1e-9)
	}
}

// TestCostOfAShapedMesh holds one admission of each kind to the allocations of one in a
// mesh where the crowded hosts are full already.
func TestCostOfAShapedMesh(t *testing.T) {
	engine := judge(t)
	small, large := shaped(t, 30*sized.Crowd), shaped(t, 5*30*sized.Crowd)
	for _, a := range admissions(t) {
		allocations := func(in *mesh.Snapshot) float64 {
			return testing.AllocsPerRun(5, func() { engine.Change(in, a.Change) })
		}
		few, many := allocations(small), allocations(large)
		t.Logf("%s: %.0f and %.0f allocations", a.name, few, many)
		if ratio := many / few; ratio > 1.05 || ratio < 0.95 {
			t.Errorf("%s: %.0f allocations, and %.0f among five times as many services", a.name, few, many)
		}
	}
}

// BenchmarkWorst judges changes of what is worst in a mesh of 10,000 services.
func BenchmarkWorst(b *testing.B) {
	const services = 10_000
	engine := judge(b)
	for _, crowd := range []int{100, 200, 400, 800, 1_000} {
		b.Run(fmt.Sprintf("fragments=%d", crowd), func(b *testing.B) {
			fragments := make([]*mesh.Object, 0, crowd)
			for i := range crowd {
				fragments = append(fragments, with(b, mesh.KindVirtualService, i, sized.Name(i)+"-worst", sized.Under("worst.example.com", i, "v2")))
			}
			now := with(b, mesh.KindVirtualService, 7, sized.Name(7)+"-worst", sized.Under("worst.example.com", 7, "v3"))
			snapshot := shaped(b, services, fragments...)
			judged(b, engine, snapshot, admission{"fragment", mesh.Change{Old: fragments[7], New: now}, true})
		})
	}
	snapshot := shaped(b, services)
	everyone := map[string]any{"host": "*", "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "ISTIO_MUTUAL"}}}
	anything := map[string]any{"hosts": []string{"*"}, "gateways": []string{"ingress/public"}, "http": []any{
		map[string]any{"route": []any{map[string]any{"destination": map[string]any{"host": sized.Name(7)}}}},
	}}
	for _, worst := range []struct {
		name string
		new  *mesh.Object
	}{
		{"bare-gateway", with(b, mesh.KindGateway, 7, "any", sized.Opening("*"))},
		{"bare-route", with(b, mesh.KindVirtualService, 7, "any", anything)},
		{"rule-over-everything", with(b, mesh.KindDestinationRule, 7, "any", everyone)},
	} {
		b.Run(worst.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				engine.Change(snapshot, mesh.Change{New: worst.new})
			}
		})
	}
}
