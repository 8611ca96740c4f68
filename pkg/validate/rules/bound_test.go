package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// crowded is a host of a gateway at which two VirtualServices clash, among so many
// matches.
func crowded(t *testing.T, matches int) *mesh.Snapshot {
	t.Helper()
	many := []spec{{"uri": spec{"prefix": "/api"}}}
	for i := range matches - 2 {
		many = append(many, spec{"uri": spec{"exact": fmt.Sprintf("/%d", i)}})
	}
	snapshot := mesh.Empty(mesh.DefaultConfig())
	add := func(kind mesh.Kind, name string, day int, content spec) {
		metadata := spec{"name": name, "namespace": "a", "creationTimestamp": fmt.Sprintf("2024-01-0%dT00:00:00Z", day)}
		raw, err := json.Marshal(spec{"metadata": metadata, "spec": content})
		if err != nil {
			t.Fatal(err)
		}
		object, err := mesh.Decode(kind, raw)
		if err != nil {
			t.Fatal(err)
		}
		snapshot = snapshot.Apply(mesh.Change{New: object})
	}
	add(mesh.KindGateway, "g", 1, spec{"servers": []spec{{"hosts": []string{"*"}, "port": spec{"number": 80, "name": "http", "protocol": "HTTP"}}}})
	serving := func(host string, match []spec) spec {
		route := []spec{{"destination": spec{"host": host}}}
		return spec{"hosts": []string{"s.example.com"}, "gateways": []string{"g"}, "http": []spec{{"match": match, "route": route}}}
	}
	add(mesh.KindVirtualService, "older", 1, serving("x", many))
	add(mesh.KindVirtualService, "newer", 2, serving("y", []spec{{"uri": spec{"prefix": "/api/v2"}}}))
	return snapshot
}

// TestComparingIsBounded checks that a clash becomes milder before it is no longer
// looked for.
func TestComparingIsBounded(t *testing.T) {
	engine, err := validate.New(rules.ShadowedRoute)
	if err != nil {
		t.Fatal(err)
	}
	for matches, want := range map[int]rule.Severity{400: rule.Error, 401: rule.Warning, 800: rule.Warning, 801: ""} {
		var got rule.Severity
		for _, f := range engine.All(crowded(t, matches)) {
			got = f.Severity
		}
		if got != want {
			t.Errorf("%d matches: %q, want %q", matches, got, want)
		}
	}
}

// TestComparingEndsWithItsRequest checks that a rule leaves off in the middle of a key.
func TestComparingEndsWithItsRequest(t *testing.T) {
	asked, found := 0, 0
	ended := func() error {
		if asked++; asked > 3 {
			return context.Canceled
		}
		return nil
	}
	key := mesh.VirtualHostKey("", "s.example.com")
	report := func(rule.Finding) { found++ }
	pass := rule.NewPass(rules.ShadowedRoute, key, crowded(t, 100).View(), report, ended)
	if rules.ShadowedRoute.Run(pass); asked > 10 || found != 0 {
		t.Errorf("asked %d times and found %d", asked, found)
	}
}

// TestHalfAnAnswerIsNone checks that what a rule found before it left off is no verdict.
func TestHalfAnAnswerIsNone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow := *rules.ShadowedRoute
	slow.Run = func(*rule.Pass) { cancel() }
	engine, err := validate.New(&slow)
	if err != nil {
		t.Fatal(err)
	}
	snapshot := crowded(t, 3)
	gone := snapshot.Get(mesh.Ref{Kind: mesh.KindVirtualService, Namespace: "a", Name: "older"})
	if _, err := engine.ChangeContext(ctx, snapshot, mesh.Change{Old: gone}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
