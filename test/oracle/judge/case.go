// Package judge compares what meshward finds in a world with what istiod makes of it,
// rule by rule and viewpoint by viewpoint. Each rule has a file, which reads in
// istiod's output where the rule should have a finding.
//
// It knows both sides. It must not know how worlds are made.
package judge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// Case is one world, with what both sides say of it.
type Case struct {
	World *world.World
	*istiod.Output
	Findings []rule.Finding

	proxies []world.Proxy
	again   []again

	judged    map[*Judge][]Fact
	lostKnown bool
	lostFound []Lost
	gateways  *probe   // what was asked about gateways
	marks     *streams // what was asked about filter chains
}

// again is what istiod makes of another world for the same proxies.
type again struct {
	world *world.World
	*istiod.Output
}

// New asks both sides about a world. It returns an error where either could not answer.
func New(w *world.World) (*Case, error) {
	c := &Case{World: w, proxies: w.Proxies(), judged: map[*Judge][]Fact{}}
	var err error
	if c.Output, err = istiod.Generate(w, c.proxies); err != nil {
		return nil, err
	}
	c.again = []again{{w, c.Output}}
	c.Findings, err = findings(w)
	return c, err
}

// Instead is what istiod makes of another world for the same proxies: what it would do
// if an object were not there, or said something else. It panics where istiod cannot be
// asked, which New has just done.
func (c *Case) Instead(w *world.World) *istiod.Output {
	for _, asked := range c.again {
		if slices.Equal(asked.world.Objects, w.Objects) { // worlds made of one another share them
			return asked.Output
		}
	}
	out, err := istiod.Generate(w, c.proxies)
	if err != nil {
		panic(err)
	}
	c.again = append(c.again, again{w, out})
	return out
}

// FactsOf are the facts of a judge, who is asked once.
func (c *Case) FactsOf(j *Judge) []Fact {
	facts, known := c.judged[j]
	if !known {
		facts = j.Facts(c)
		c.judged[j] = facts
	}
	return facts
}

// Panics reports whether istiod came to no end for some proxy, or would without Sidecars,
// so that nobody can say what it makes of the world.
func (c *Case) Panics() bool {
	panics := func(p *istiod.Proxy) bool { return p.Panic != "" }
	return slices.ContainsFunc(c.Proxies, panics) || slices.ContainsFunc(c.Instead(withoutSidecars(c.World)).Proxies, panics)
}

// Crashes reports whether istiod came to no end for the hosts of a Gateway, which is
// nothing that any judge is about [7.7a].
func (c *Case) Crashes() bool {
	for _, proxy := range c.Proxies {
		if strings.Contains(proxy.Panic, "sanitizeServerHostNamespace") {
			return true
		}
	}
	return false
}

// findings is what meshward says at admission, with every object of the mesh known.
func findings(w *world.World) ([]rule.Finding, error) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		return nil, err
	}
	snapshot, err := Snapshot(w)
	if err != nil {
		return nil, err
	}
	return engine.All(snapshot), nil
}

// Snapshot is a world as meshward holds it. It returns an error for an object that
// meshward does not read.
func Snapshot(w *world.World) (*mesh.Snapshot, error) {
	cfg := mesh.DefaultConfig()
	cfg.RootNamespace, cfg.Complete = world.Root, true
	var changes []mesh.Change
	for _, o := range w.Objects {
		object, err := decode(o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", world.RefOf(o), err)
		}
		changes = append(changes, mesh.Change{New: object})
	}
	return mesh.Empty(cfg).Apply(changes...), nil
}

func decode(o world.Object) (*mesh.Object, error) {
	typed := world.Clone(o)
	gvk := world.GroupVersionKind(o)
	typed.GetObjectKind().SetGroupVersionKind(gvk)
	raw, err := json.Marshal(typed)
	if err != nil {
		return nil, err
	}
	kind, known := mesh.KindOf(gvk)
	if !known {
		return nil, fmt.Errorf("meshward does not read %s", gvk)
	}
	return mesh.Decode(kind, raw)
}
