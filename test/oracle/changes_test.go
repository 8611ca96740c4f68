package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/gen"
	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
)

// TestChangesTouchAllTheyChange checks, on the meshes that istiod is asked about, that to
// judge what a change touches is to judge the whole mesh: with any one object gone, no
// finding changes elsewhere.
func TestChangesTouchAllTheyChange(t *testing.T) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(400) {
		w := gen.World(seed).World
		whole, err := judge.Snapshot(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range w.Objects {
			gone := world.RefOf(o)
			ref := mesh.Ref{Kind: mesh.Kind(gone.Kind), Namespace: gone.Namespace, Name: gone.Name}
			rest := whole.Apply(mesh.Change{Old: whole.Get(ref)})
			touched := validate.Touched(whole, rest, ref)
			if diff := cmp.Diff(foundElsewhere(engine, whole, touched), foundElsewhere(engine, rest, touched)); diff != "" {
				t.Errorf("seed %d: %s changes something away from what it touches:\n%s", seed, gone, diff)
			}
		}
	}
}

// foundElsewhere is what is found in a mesh but for what a change touches.
func foundElsewhere(engine *validate.Engine, s *mesh.Snapshot, touched []mesh.Key) []string {
	keys := slices.DeleteFunc(s.Keys(), func(key mesh.Key) bool { return slices.Contains(touched, key) })
	var found []string
	for _, f := range engine.At(s, keys) {
		found = append(found, fmt.Sprintln(f.Severity, f.Block(f.Fix)))
	}
	return found
}
