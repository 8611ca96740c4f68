// Package shrink makes a world smaller that shows something, as long as it still shows
// it.
//
// It knows worlds as JSON. It must not know what is shown, nor what objects mean,
// beyond what none of them can be without.
package shrink

import (
	"slices"
	"strings"

	"github.com/meshward/meshward/test/oracle/world"
)

// Tries is how many worlds Smallest asks about at most.
const Tries = 600

// Smallest takes away from a world whatever can be taken away while the rest still
// shows what it is kept for: objects first, then what is in them, from the outside in.
// What it returns can do without no other single thing, unless finding that out took
// more than Tries. The world must be one that still is true of, and stays as it is.
func Smallest(w *world.World, still func(*world.World) bool) *world.World {
	s := &shrinking{world: w, still: still, left: Tries, texts: map[world.Object]string{}, asked: map[string]bool{}}
	for again := true; again; {
		again = s.objects()
		for i := range s.world.Objects {
			again = s.parts(i) || again
		}
	}
	return s.world
}

// shrinking is a world on its way.
type shrinking struct {
	world *world.World
	still func(*world.World) bool
	left  int                     // how often it may still be asked
	texts map[world.Object]string // what objects are as JSON
	asked map[string]bool         // what it was asked about
}

// keep takes a smaller world for the present one if it still shows the same.
func (s *shrinking) keep(objects []world.Object) bool {
	key := s.text(objects)
	if s.left == 0 || s.asked[key] {
		return false
	}
	s.left--
	s.asked[key] = true
	smaller := &world.World{Objects: objects}
	if !s.still(smaller) {
		return false
	}
	s.world = smaller
	return true
}

func (s *shrinking) text(objects []world.Object) string {
	var all strings.Builder
	for _, o := range objects {
		if s.texts[o] == "" {
			s.texts[o] = treeOf(o).text()
		}
		all.WriteString(s.texts[o])
	}
	return all.String()
}

// objects takes whole objects away: first many at once, because most of a world has
// nothing to do with what it shows. It goes from the end, where the objects stand that
// rest on others.
func (s *shrinking) objects() (shrunk bool) {
	for size := max(len(s.world.Objects)/2, 1); size > 0; size /= 2 {
		for end := len(s.world.Objects); end > 0; end -= size {
			from, to := max(end-size, 0), min(end, len(s.world.Objects))
			if s.keep(slices.Delete(slices.Clone(s.world.Objects), from, to)) {
				shrunk = true
			}
		}
	}
	return shrunk
}

// parts takes away what is in the object of an index. Where something goes, what comes
// after it takes its place in the list of places.
func (s *shrinking) parts(index int) (shrunk bool) {
	places := treeOf(s.world.Objects[index]).places()
	for nth := 0; nth < len(places); {
		smaller := treeOf(s.world.Objects[index])
		object, able := smaller.without(places[nth])
		if !able || !s.keep(replaced(s.world.Objects, index, object)) {
			nth++
			continue
		}
		shrunk = true
		places = treeOf(object).places()
	}
	return shrunk
}

func replaced(objects []world.Object, index int, by world.Object) []world.Object {
	all := slices.Clone(objects)
	all[index] = by
	return all
}
