package mesh_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// TestNamespacesAreSets compares the operations on sets, finite or all but a
// few, with what they mean for each single namespace.
func TestNamespacesAreSets(t *testing.T) {
	universe := []string{"a", "b", "c", "d", "unheard-of"}
	random := rand.New(rand.NewPCG(1, 1))
	set := func() mesh.Namespaces {
		var names []string
		for _, name := range universe[:4] {
			if random.IntN(2) == 0 {
				names = append(names, name)
			}
		}
		if random.IntN(2) == 0 {
			return mesh.AllNamespaces().Minus(mesh.OnlyNamespaces(names...))
		}
		return mesh.OnlyNamespaces(names...)
	}
	for range 2000 {
		x, y := set(), set()
		empty := true
		for _, name := range universe {
			inX, inY := x.Has(name), y.Has(name)
			empty = empty && !inX
			if x.And(y).Has(name) != (inX && inY) || x.Or(y).Has(name) != (inX || inY) || x.Minus(y).Has(name) != (inX && !inY) {
				t.Fatalf("%v and %v disagree about %q", x, y, name)
			}
		}
		if x.IsEmpty() != empty {
			t.Fatalf("%v: IsEmpty is %v", x, x.IsEmpty())
		}
	}
}

// TestViewpointsAreSets does the same for viewpoints, where a name that is not
// told apart answers as the wider one does.
func TestViewpointsAreSets(t *testing.T) {
	universe := []mesh.Viewpoint{
		{},
		{Namespace: "a"},
		{Namespace: "a", Labels: "app=web"},
		{Namespace: "b"},
		{Namespace: "b", Labels: "app=web"},
		{Gateway: "a/gateway"},
	}
	unheard := []mesh.Viewpoint{{Namespace: "c"}, {Namespace: "a", Labels: "app=other"}, {Gateway: "c/gateway"}}
	random := rand.New(rand.NewPCG(2, 2))
	set := func() mesh.Viewpoints {
		var v mesh.Viewpoints
		for _, at := range universe {
			if random.IntN(3) > 0 {
				v.Set(at, random.IntN(2) == 0)
			}
		}
		return v
	}
	for range 2000 {
		x, y := set(), set()
		for _, at := range slices.Concat(universe, unheard) {
			inX, inY := x.Has(at), y.Has(at)
			if x.Or(y).Has(at) != (inX || inY) || x.Minus(y).Has(at) != (inX && !inY) {
				t.Fatalf("%v and %v disagree about %v", x, y, at)
			}
		}
		holding, but := x.Holding()
		var again mesh.Viewpoints
		for _, at := range holding {
			again.Set(at, true)
		}
		for _, at := range but {
			again.Set(at, false)
		}
		if !again.Minus(x).IsEmpty() || !x.Minus(again).IsEmpty() {
			t.Fatalf("%v is not what %v but %v says", x, holding, but)
		}
	}
}

func TestViewpointStrings(t *testing.T) {
	var v mesh.Viewpoints
	v.Set(mesh.Viewpoint{}, true)
	v.Set(mesh.Viewpoint{Namespace: "a"}, false)
	v.Set(mesh.Viewpoint{Namespace: "a", Labels: "app=web"}, true)
	v.Set(mesh.Viewpoint{Namespace: "b"}, true)
	v.Set(mesh.Viewpoint{Gateway: "a/gateway"}, true)
	want := []string{"namespace/*", "namespace/a{app=web}", "gateway/a/gateway", "!namespace/a"}
	if diff := cmp.Diff(want, v.Strings()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
