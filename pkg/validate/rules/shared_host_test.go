package rules_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// TestManyFragments holds what a host that many namespaces share allocates to their
// number: not every pair of fragments is looked at by each client.
func TestManyFragments(t *testing.T) {
	engine, err := validate.New(rules.UnmergedFragments)
	if err != nil {
		t.Fatal(err)
	}
	work := func(namespaces int) float64 {
		var objects []*mesh.Object
		for i := range namespaces {
			objects = append(objects, sharedHostRule(t, fmt.Sprint("team-", i)))
		}
		snapshot := mesh.Empty(mesh.DefaultConfig()).Apply(creations(objects)...)
		key := mesh.Key{Subject: mesh.SubjectHost, Name: "api.example.com"}
		return testing.AllocsPerRun(3, func() { engine.At(snapshot, []mesh.Key{key}) })
	}
	if few, many := work(30), work(60); many > 3*few {
		t.Errorf("%.0f allocations for 30 fragments and %.0f for 60: more than in proportion", few, many)
	}
}

func sharedHostRule(t *testing.T, namespace string) *mesh.Object {
	t.Helper()
	raw, err := json.Marshal(spec{
		"metadata": spec{"namespace": namespace, "name": "api"},
		"spec": spec{
			"host":     "api.example.com",
			"exportTo": []string{"."},
			"subsets":  []spec{{"name": "v1", "labels": spec{"version": "v1"}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	object, err := mesh.Decode(mesh.KindDestinationRule, raw)
	if err != nil {
		t.Fatal(err)
	}
	return object
}
