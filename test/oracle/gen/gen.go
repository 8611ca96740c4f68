// Package gen makes worlds up: small meshes of few names, so that everything meets
// everything, healthy about as often as not.
//
// It knows worlds and the kinds of objects in them. It must not know istiod, nor
// meshward: what is made must not lean towards what either of them can do.
package gen

import (
	"maps"
	"slices"

	"github.com/meshward/meshward/test/oracle/world"
)

// Made is a world that was made up.
type Made struct {
	World *world.World
	// Features name what there is in the world, in the words of Features, sorted.
	Features []string
}

// World makes the world of a seed, with the Baseline: for the same seed always the same.
func World(seed uint64) *Made {
	m := newMaker(seed)
	m.makeNamespaces()
	m.makeServices()
	chosen := m.themes()
	if chosen[themeEntries] || m.oneIn(3) {
		m.makeServiceEntries()
	}
	if chosen[themeGateways] || m.oneIn(4) {
		m.makeGateways()
	}
	m.makeDestinationRules(chosen[themeRules])
	if chosen[themeDelegates] {
		m.makeDelegates()
	}
	m.makeGatewayRoutes()
	if chosen[themeL4] {
		m.makeL4Routes()
	}
	if chosen[themeMesh] || m.objects < 4 {
		m.makeMeshRoutes()
	}
	if chosen[themeSidecars] || m.oneIn(8) {
		m.makeSidecars()
	}
	return &Made{World: m.world.With(Baseline), Features: slices.Sorted(maps.Keys(m.features))}
}

const (
	themeMesh      = "theme/mesh"
	themeRules     = "theme/rules"
	themeGateways  = "theme/gateways"
	themeDelegates = "theme/delegates"
	themeEntries   = "theme/entries"
	themeSidecars  = "theme/sidecars"
	themeL4        = "theme/l4"
)

// themes are what a world is about: two of all there are, sometimes three.
func (m *maker) themes() map[string]bool {
	all := []string{themeMesh, themeMesh, themeRules, themeRules, themeGateways, themeGateways, themeDelegates, themeEntries, themeSidecars, themeL4}
	chosen := map[string]bool{}
	for range m.between(2, 3) {
		theme := all[m.IntN(len(all))]
		chosen[theme] = true
		m.feature(theme)
	}
	return chosen
}
