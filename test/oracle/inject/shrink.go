package inject

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// tries bounds how often a shrinking asks both sides.
const tries = 400

// shrinker makes a workload smaller as long as the two sides differ in the same sort of
// way.
type shrinker struct {
	pair          *Pair
	installations []string
	smallest      *gen.Case
	compared      *Compared
	left          int
}

// smallest is a workload on which both sides still differ in the same way, with as few
// features and then as few fields as it gets.
func (p *Pair) smallest(c *gen.Case, got *Compared, installations []string) (*gen.Case, *Compared) {
	s := &shrinker{pair: p, installations: installations, smallest: c, compared: got, left: tries}
	s.features()
	if got.Way == Webhook {
		s.fields(func(c *gen.Case) (any, error) { return decoded(c.Request.Pod) }, func(c *gen.Case, tree any) error {
			request := *c.Request
			c.Request = &request
			var err error
			request.Pod, err = json.Marshal(tree)
			return err
		})
		return s.smallest, s.compared
	}
	if !strings.Contains(string(s.smallest.Manifest), "---\n") {
		s.fields(func(c *gen.Case) (any, error) {
			raw, err := yaml.YAMLToJSON(c.Manifest)
			if err != nil {
				return nil, err
			}
			return decoded(raw)
		}, func(c *gen.Case, tree any) error {
			var err error
			c.Manifest, err = yaml.Marshal(tree)
			return err
		})
	}
	return s.smallest, s.compared
}

func decoded(raw []byte) (tree any, err error) {
	err = json.Unmarshal(raw, &tree)
	return tree, err
}

// keep takes a workload as the smallest if the sides differ on it as they did.
func (s *shrinker) keep(c *gen.Case) bool {
	if s.left <= 0 {
		return false
	}
	s.left--
	got, err := s.pair.Compare(c, s.compared.Way)
	if err != nil || !got.Differs() || refusal(got) != refusal(s.compared) {
		return false
	}
	s.smallest, s.compared = c, got
	return true
}

// refusal says which side refuses.
func refusal(c *Compared) [3]bool {
	return [3]bool{c.Istio.refused(), c.Ours.refused(), c.Ours.Panic != ""}
}

// features leaves features out, one after the other.
func (s *shrinker) features() {
	var without []string
	for _, name := range s.smallest.Features {
		next := append(slices.Clone(without), name)
		if c, err := gen.Workload(s.smallest.Seed, s.installations, next...); err == nil && s.keep(c) {
			without = next
		}
	}
	// The first installation is the plainest.
	plain := *s.smallest
	if plain.Installation = s.installations[0]; plain.Installation != s.smallest.Installation {
		s.keep(&plain)
	}
}

// fields leaves out fields of what read reads of a workload and write writes back, the
// outer ones first.
func (s *shrinker) fields(read func(*gen.Case) (any, error), write func(*gen.Case, any) error) {
	for done := 0; ; {
		tree, err := read(s.smallest)
		if err != nil {
			return
		}
		all := inside(tree, nil)
		if done >= len(all) || s.left <= 0 {
			return
		}
		smaller := *s.smallest
		if err := write(&smaller, removed(tree, all[done])); err != nil || !s.keep(&smaller) {
			done++
		}
	}
}

// inside are the places in a tree, each before those inside it.
func inside(tree any, at []any) [][]any {
	var all [][]any
	add := func(step, content any) {
		here := append(slices.Clone(at), step)
		all = append(append(all, here), inside(content, here)...)
	}
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			add(key, tree[key])
		}
	case []any:
		for i, content := range tree {
			add(i, content)
		}
	}
	return all
}

// removed is a tree without what is at a place. The tree is not used any more.
func removed(tree any, at []any) any {
	switch node := tree.(type) {
	case map[string]any:
		key, _ := at[0].(string)
		if len(at) == 1 {
			delete(node, key)
		} else {
			node[key] = removed(node[key], at[1:])
		}
	case []any:
		i, _ := at[0].(int)
		if len(at) == 1 {
			return slices.Delete(node, i, i+1)
		}
		node[i] = removed(node[i], at[1:])
	}
	return tree
}
