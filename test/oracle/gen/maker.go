package gen

import (
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// maker makes one world.
type maker struct {
	*rand.Rand
	world    *world.World
	features map[string]bool

	// careful is true for worlds in which nothing is wrong on purpose. Things may still
	// turn out badly there, where objects meet that are each right.
	careful bool
	// slips is how much rarer than elsewhere things go wrong in a world.
	slips int
	// ages is how many seconds the objects of a world are spread over.
	ages int
	// objects is how many of Istio's objects there are by now.
	objects int
	// timeout is the last connect timeout that was given to a policy, in seconds.
	timeout int64
	// address is the last address that was given to an endpoint.
	address int

	namespaces []string          // of applications, hence without the root
	hosts      []*host           // what may be routed to
	focus      *host             // the host that this world is mostly about
	edges      []*edge           // the servers of Gateways
	pods       map[string]string // the namespace of the pods with a label
	// wildcardRule is true for namespaces that have a DestinationRule for all their hosts.
	wildcardRule map[string]bool
}

// seedStream sets these worlds apart from other things made of the same seeds.
const seedStream = 4

func newMaker(seed uint64) *maker {
	m := &maker{
		Rand:     rand.New(rand.NewPCG(seed, seedStream)), //nolint:gosec // What is made must be foreseeable.
		world:    &world.World{},
		features: map[string]bool{},
		timeout:  10, // istiod's default, which is no policy's own
		pods:     map[string]string{},

		wildcardRule: map[string]bool{},
	}
	m.careful = m.oneIn(3)
	m.slips = pick(m, 1, 3)
	m.ages = pick(m, 1, 2, 4, 4)
	if m.careful {
		m.feature("world/careful")
	}
	if m.ages == 1 {
		m.feature("world/same-age")
	}
	return m
}

// feature notes that the world has something. It panics for a name that Features does
// not list, because nobody would see it missing.
func (m *maker) feature(name string) {
	if !known[name] {
		panic("gen: no such feature: " + name)
	}
	m.features[name] = true
}

// oneIn is true once in so many times.
func (m *maker) oneIn(of int) bool { return m.IntN(of) == 0 }

// wrong is true once in so many times in worlds in which things go wrong on purpose,
// and more rarely in some of them, so that there are worlds with one fault, too.
func (m *maker) wrong(of int) bool { return !m.careful && m.oneIn(of*m.slips) }

// between is a number from least to most.
func (m *maker) between(least, most int) int { return least + m.IntN(most-least+1) }

// pick is one of some values; one that is named twice comes twice as often.
func pick[T any](m *maker, from ...T) T { return from[m.IntN(len(from))] }

// some are so many of some values, in their order.
func some[T any](m *maker, count int, from ...T) []T {
	var list []T
	for i, one := range from {
		if m.IntN(len(from)-i) < count-len(list) {
			list = append(list, one)
		}
	}
	return list
}

// anyNamespace is one of the namespaces of applications.
func (m *maker) anyNamespace() string { return pick(m, m.namespaces...) }

// otherNamespace is a namespace of applications besides one.
func (m *maker) otherNamespace(than string) string {
	for {
		if ns := m.anyNamespace(); ns != than {
			return ns
		}
	}
}

// add puts one of Istio's objects into the world under a name of its own. The names are
// few, so that objects of two namespaces often share theirs: istiod orders by name
// before namespace.
func (m *maker) add(o world.Object, namespace string) {
	name := pick(m, "a", "b", "c", "main", "z")
	for i := 2; m.world.Has(world.Ref{Kind: world.KindOf(o), Namespace: namespace, Name: name}); i++ {
		name = fmt.Sprintf("%s%d", pick(m, "a", "b", "c", "main", "z"), i)
	}
	m.objects++
	m.put(o, namespace, name)
}

// epoch is the time at which the oldest objects were made.
var epoch = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)

// put puts any object into the world.
func (m *maker) put(o world.Object, namespace, name string) {
	o.SetNamespace(namespace)
	o.SetName(name)
	age := time.Duration(m.IntN(m.ages)) * time.Second
	o.SetCreationTimestamp(metav1.NewTime(epoch.Add(age)))
	m.world.Objects = append(m.world.Objects, o)
}
