package mesh

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestTree holds trees to maps: after each of many edits, and all of the earlier trees
// after all of them.
func TestTree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	key := func() string {
		b := make([]byte, random.IntN(6))
		for i := range b {
			b[i] = "abc"[random.IntN(3)]
		}
		return string(b)
	}
	type state struct {
		tree tree[int]
		want map[string]int
	}
	var states []state
	now := state{want: map[string]int{}}
	for edits := range 600 {
		now.want = maps.Clone(now.want)
		by := &edit{}
		for range random.IntN(8) {
			if k := key(); random.IntN(100) < 30+edits%60 { // fuller and emptier by turns
				delete(now.want, k)
				now.tree.drop(by, []byte(k))
			} else {
				value := random.Int()
				now.want[k] = value
				now.tree.set(by, []byte(k), &value)
			}
		}
		states = append(states, now)
	}
	for _, s := range states {
		for range 20 {
			sameAt(t, s.tree, s.want, key())
		}
		sameAt(t, s.tree, s.want, "")
		if s.tree.root != nil {
			tidy(t, s.tree.root)
		}
	}
}

// sameAt compares what is found by a key, under it and over it.
func sameAt(t *testing.T, got tree[int], want map[string]int, key string) {
	t.Helper()
	if got.size != len(want) {
		t.Fatalf("%d keys, want %d", got.size, len(want))
	}
	value, is := want[key]
	if v := got.get([]byte(key)); is != (v != nil) || is && *v != value {
		t.Fatalf("%q: %v, want %d %t", key, v, value, is)
	}
	sorted := slices.Sorted(maps.Keys(want))
	var under, over, values []string
	for k, v := range got.keysUnder([]byte(key)) {
		under = append(under, string(k))
		if *v != want[string(k)] {
			t.Fatalf("%q under %q: %d", k, key, *v)
		}
	}
	if want := slices.DeleteFunc(slices.Clone(sorted), func(k string) bool { return !strings.HasPrefix(k, key) }); !slices.Equal(under, want) {
		t.Fatalf("under %q: %q, want %q", key, under, want)
	}
	for v := range got.under([]byte(key)) {
		values = append(values, under[len(values)])
		if *v != want[values[len(values)-1]] {
			t.Fatalf("value %d under %q: %d", len(values), key, *v)
		}
	}
	if len(values) != len(under) {
		t.Fatalf("%d values of %q", len(values), under)
	}
	for k := range got.over([]byte(key)) {
		over = append(over, string(k))
	}
	if want := slices.DeleteFunc(sorted, func(k string) bool { return !strings.HasPrefix(key, k) }); !slices.Equal(over, want) {
		t.Fatalf("over %q: %q, want %q", key, over, want)
	}
}

// tidy checks that no node stands for nothing, or for a single one below it.
func tidy[T any](t *testing.T, n *node[T]) {
	t.Helper()
	if n.below == nil {
		if n.value == nil {
			t.Fatal("a leaf holds nothing")
		}
		return
	}
	if len(n.below.nodes) < 2 && n.value == nil || len(n.below.nodes) == 0 {
		t.Fatalf("a branch of %d", len(n.below.nodes))
	}
	for _, lower := range n.below.nodes {
		tidy(t, lower)
	}
}
