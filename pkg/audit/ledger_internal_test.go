package audit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// TestLedgerIsWhatTheEngineFinds changes generated meshes at random and holds the
// ledger, which judges only what was touched, to what judging everything finds:
// however many changes come at once, and whether or not an object is the one that
// had its name before.
func TestLedgerIsWhatTheEngineFinds(t *testing.T) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	found, appeared := 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 11))
		ledger, now := NewLedger(engine, asFound), mesh.Empty(settings(r))
		var errors map[rule.Identity]bool
		for step := range 8 {
			var changed []mesh.Ref
			for range 1 + r.IntN(6) {
				change := randomChange(t, r)
				changed = append(changed, change.Ref())
				now = now.Apply(change)
			}
			fresh := ledger.Advance(now, changed)
			want := engine.All(now)
			if diff := cmp.Diff(texts(want), texts(ledger.All())); diff != "" {
				t.Fatalf("seed %d, step %d: after a change of %v: -engine +ledger:\n%s", seed, step, changed, diff)
			}
			if diff := cmp.Diff(counted(want), ledger.counted()); diff != "" {
				t.Fatalf("seed %d, step %d: -found +counted:\n%s", seed, step, diff)
			}
			found += len(want)
			appeared += len(fresh)
			errors = holdsAppeared(t, errors, want, fresh)
		}
		if news := ledger.Again(); len(news) > 0 {
			t.Fatalf("seed %d: judged anew, and there is news: %s", seed, news[0].Title())
		}
		if diff := cmp.Diff(texts(engine.All(now)), texts(ledger.All())); diff != "" {
			t.Fatalf("seed %d: judged anew: -engine +ledger:\n%s", seed, diff)
		}
	}
	if found < 10000 || appeared < 1000 {
		t.Errorf("%d findings, of which %d are errors that appeared: the generator is starved", found, appeared)
	}
}

// asFound decides nothing.
func asFound(_ *mesh.Snapshot, found []rule.Finding) []rule.Finding { return found }

// holdsAppeared checks that what is said to have appeared is the errors that were
// not there before, once each, and returns those that are there now.
func holdsAppeared(t *testing.T, before map[rule.Identity]bool, found, appeared []rule.Finding) map[rule.Identity]bool {
	t.Helper()
	is, fresh := map[rule.Identity]bool{}, map[rule.Identity]bool{}
	for _, f := range found {
		if f.Severity == rule.Error {
			is[f.Identity()] = true
		}
	}
	for _, f := range appeared {
		if fresh[f.Identity()] || before[f.Identity()] || !is[f.Identity()] {
			t.Fatalf("said to have appeared: %s", f.Title())
		}
		fresh[f.Identity()] = true
	}
	for id := range is {
		if !before[id] && !fresh[id] {
			t.Fatalf("appeared, and nobody said so: %v", id)
		}
	}
	return is
}

func counted(found []rule.Finding) map[string]int {
	counts := map[string]int{}
	for _, f := range found {
		counts[fmt.Sprint(series{f.Rule.Name, f.Severity})]++
	}
	return counts
}

func (l *Ledger) counted() map[string]int {
	counts := map[string]int{}
	for by, count := range l.counts {
		if count != 0 {
			counts[fmt.Sprint(by)] = count
		}
	}
	return counts
}

// texts are findings as all that is read of them.
func texts(found []rule.Finding) []string {
	list := make([]string, 0, len(found))
	for _, f := range found {
		list = append(list, fmt.Sprintf("%s\n%s %s %s %v %v", f.Block(f.Fix+f.OtherFix), f.Severity, f.About, f.Object.Created, f.Viewpoints.Strings(), f.RestsOn))
	}
	slices.Sort(list)
	return list
}

func settings(r *rand.Rand) mesh.Config {
	cfg := mesh.DefaultConfig()
	cfg.Complete = r.IntN(2) == 0
	if r.IntN(4) == 0 {
		cfg.DefaultDestinationRuleExportTo = []string{"."}
	}
	return cfg
}

// randomSpec writes a spec of a kind with a few of the values that matter.
func randomSpec(r *rand.Rand, kind mesh.Kind) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	switch kind {
	case mesh.KindServiceEntry:
		return `{"hosts":["` + pick("api.com", "x.a.svc.cluster.local", "*.com") + `"]` +
			pick("", `,"exportTo":["."]`, `,"exportTo":["b"]`) + `}`
	case mesh.KindDestinationRule:
		return `{"host":"` + pick("x", "x.a.svc.cluster.local", "*.a.svc.cluster.local", "*.local", "*", "api.com", "*.com") + `"` +
			pick("", "", `,"exportTo":["*"]`, `,"exportTo":["."]`, `,"exportTo":["a","b"]`) +
			pick("", "", "", `,"workloadSelector":{"matchLabels":{"app":"web"}}`) +
			`,"subsets":[` + pick("", `{"name":"v1"}`, `{"name":"v2"}`, `{"name":"v1"},{"name":"v2"}`) + `]}`
	case mesh.KindVirtualService:
		return `{"hosts":["` + pick("x", "api.com", "shop.example.com") + `"]` +
			pick("", `,"exportTo":["."]`) + pick("", "", `,"gateways":["mesh","b/gateway"]`) +
			`,"http":[{"route":[{"destination":{"host":"` + pick("x", "x.a.svc.cluster.local", "api.com") + `","subset":"` + pick("v1", "v2") + `"},"weight":` + pick("0", "1", "1") + `}` +
			`,{"destination":{"host":"x.a.svc.cluster.local"},"weight":1}]}]}`
	default:
		return `{"ports":[{"name":"http","port":80}]}`
	}
}

// randomChange creates, replaces or deletes one of few objects, so that all of
// this happens.
func randomChange(t *testing.T, r *rand.Rand) mesh.Change {
	t.Helper()
	kinds := []mesh.Kind{mesh.KindService, mesh.KindServiceEntry, mesh.KindDestinationRule, mesh.KindVirtualService, mesh.KindVirtualService}
	kind := kinds[r.IntN(len(kinds))]
	name, namespace := []string{"x", "y"}[r.IntN(2)], []string{"a", "b", "istio-system"}[r.IntN(3)]
	text := fmt.Sprintf(`{"metadata":{"name":%q,"namespace":%q,"creationTimestamp":"2020-01-01T00:00:0%dZ"},"spec":%s}`,
		name, namespace, r.IntN(3), randomSpec(r, kind))
	object, err := mesh.Decode(kind, []byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if r.IntN(3) == 0 {
		return mesh.Change{Old: object}
	}
	return mesh.Change{New: object}
}
