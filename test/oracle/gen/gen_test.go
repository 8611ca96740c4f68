package gen_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/meshward/meshward/test/oracle/gen"
)

const seeds = 2000

// Every feature is met often enough for a fault in what it is about to be found.
func TestNoFeatureIsStarved(t *testing.T) {
	t.Parallel()
	const least = seeds / 100
	met := map[string]int{}
	for seed := range uint64(seeds) {
		for _, name := range gen.World(seed).Features {
			met[name]++
		}
	}
	for _, name := range gen.Features() {
		t.Logf("%5.1f%%  %s", 100*float64(met[name])/seeds, name)
		if met[name] < least {
			t.Errorf("%s is in %d of %d worlds, want at least %d", name, met[name], seeds, least)
		}
	}
	if !slices.IsSorted(gen.Features()) {
		t.Error("the features are not sorted")
	}
}

// A seed is a world: what a report names can be looked at again.
func TestSameSeedSameWorld(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		first, err := gen.World(seed).World.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := gen.World(seed).World.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatalf("seed %d made two worlds:\n%s\n--- and ---\n%s", seed, first, again)
		}
	}
}
