package mesh

import (
	"iter"
	"sort"
)

// tree is a persistent radix tree: what a key leads to, in the order of the keys. It is a
// value; an edit of it makes another, which shares with it what did not change. Most of its
// nodes are leaves, so a leaf has nothing that only a branch needs: an index of a mesh has
// some ten of them for each service.
type tree[T any] struct {
	root *node[T] // nil where there is nothing
	size int
}

// node is what all keys have in common that lead through it, after what they have in
// common above it. It is never changed.
type node[T any] struct {
	prefix string
	value  *T         // of the key that ends here; nil for none
	below  *branch[T] // nil for a leaf
}

// branch is the nodes below one, in the order of their first bytes, which differ.
type branch[T any] struct {
	by    *edit // who may still change it
	nodes []*node[T]
}

// edit stands for whoever makes branches before anybody else sees them. It has a size, as
// pointers to what has none may be equal.
type edit struct{ _ byte }

// find returns where the node of a first byte is, or would be, and whether it is there.
func (n *node[T]) find(first byte) (at int, found bool) {
	if n.below == nil {
		return 0, false
	}
	nodes := n.below.nodes
	at = sort.Search(len(nodes), func(i int) bool { return nodes[i].prefix[0] >= first })
	return at, at < len(nodes) && nodes[at].prefix[0] == first
}

// get returns what a key leads to, nil for nothing.
func (t tree[T]) get(key []byte) *T {
	n := t.root
	for n != nil && hasPrefix(key, n.prefix) {
		if key = key[len(n.prefix):]; len(key) == 0 {
			return n.value
		}
		at, found := n.find(key[0])
		if !found {
			return nil
		}
		n = n.below.nodes[at]
	}
	return nil
}

// over is what the key and every beginning of it lead to, the shortest first.
func (t tree[T]) over(key []byte) iter.Seq2[[]byte, *T] {
	return func(yield func([]byte, *T) bool) {
		n, read := t.root, 0
		for n != nil && hasPrefix(key[read:], n.prefix) {
			read += len(n.prefix)
			if n.value != nil && !yield(key[:read], n.value) || read == len(key) {
				return
			}
			at, found := n.find(key[read])
			if !found {
				return
			}
			n = n.below.nodes[at]
		}
	}
}

// under is what every key that starts with a prefix leads to.
func (t tree[T]) under(prefix []byte) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		if n, _ := t.top(prefix); n != nil {
			n.walk(yield)
		}
	}
}

// keysUnder is under with the keys, each of which is valid until the next.
func (t tree[T]) keysUnder(prefix []byte) iter.Seq2[[]byte, *T] {
	return func(yield func([]byte, *T) bool) {
		if n, above := t.top(prefix); n != nil {
			n.walkKeys(append([]byte{}, above...), yield)
		}
	}
}

// top returns the node below which all keys are that start with a prefix, and what of the
// prefix is above it.
func (t tree[T]) top(prefix []byte) (n *node[T], above []byte) {
	n, read := t.root, 0
	for n != nil {
		rest := prefix[read:]
		if len(rest) <= len(n.prefix) {
			if n.prefix[:len(rest)] != string(rest) {
				return nil, nil
			}
			return n, prefix[:read]
		}
		if !hasPrefix(rest, n.prefix) {
			return nil, nil
		}
		read += len(n.prefix)
		at, found := n.find(prefix[read])
		if !found {
			return nil, nil
		}
		n = n.below.nodes[at]
	}
	return nil, nil
}

func (n *node[T]) walk(yield func(*T) bool) bool {
	if n.value != nil && !yield(n.value) {
		return false
	}
	if n.below == nil {
		return true
	}
	for _, m := range n.below.nodes {
		if !m.walk(yield) {
			return false
		}
	}
	return true
}

func (n *node[T]) walkKeys(above []byte, yield func([]byte, *T) bool) bool {
	key := append(above, n.prefix...)
	if n.value != nil && !yield(key, n.value) {
		return false
	}
	if n.below == nil {
		return true
	}
	for _, m := range n.below.nodes {
		if !m.walkKeys(key, yield) {
			return false
		}
	}
	return true
}

func hasPrefix(key []byte, prefix string) bool {
	return len(key) >= len(prefix) && string(key[:len(prefix)]) == prefix
}

// set makes a key lead to a value, which is not nil.
func (t *tree[T]) set(by *edit, key []byte, value *T) {
	if t.root == nil {
		t.root, t.size = &node[T]{prefix: string(key), value: value}, 1
		return
	}
	var fresh bool
	t.root, fresh = t.root.with(by, key, value)
	if fresh {
		t.size++
	}
}

// with returns the node with a value below it, or in it, and whether there was none before.
func (n *node[T]) with(by *edit, key []byte, value *T) (now *node[T], fresh bool) {
	shared := common(n.prefix, key)
	rest := key[shared:]
	if shared < len(n.prefix) {
		lower := &node[T]{prefix: n.prefix[shared:], value: n.value, below: n.below}
		upper := &node[T]{prefix: n.prefix[:shared]}
		if len(rest) == 0 {
			upper.value, upper.below = value, &branch[T]{by, []*node[T]{lower}}
			return upper, true
		}
		leaf := &node[T]{prefix: string(rest), value: value}
		if rest[0] < lower.prefix[0] {
			upper.below = &branch[T]{by, []*node[T]{leaf, lower}}
		} else {
			upper.below = &branch[T]{by, []*node[T]{lower, leaf}}
		}
		return upper, true
	}
	if len(rest) == 0 {
		return &node[T]{prefix: n.prefix, value: value, below: n.below}, n.value == nil
	}
	at, found := n.find(rest[0])
	if !found {
		return n.spliced(by, at, 0, &node[T]{prefix: string(rest), value: value}), true
	}
	lower, fresh := n.below.nodes[at].with(by, rest, value)
	return n.spliced(by, at, 1, lower), fresh
}

// spliced returns the node with others in the place of some of those below it. Where its
// branch is nobody else's yet, it is changed, and the node is the same.
func (n *node[T]) spliced(by *edit, at, instead int, lower ...*node[T]) *node[T] {
	var was []*node[T]
	if n.below != nil {
		was = n.below.nodes
		if n.below.by == by && instead == len(lower) {
			copy(was[at:], lower)
			return n
		}
	}
	nodes := make([]*node[T], 0, len(was)-instead+len(lower)) // and no more: it stays
	nodes = append(append(append(nodes, was[:at]...), lower...), was[at+instead:]...)
	if n.below != nil && n.below.by == by {
		n.below.nodes = nodes
		return n
	}
	return &node[T]{prefix: n.prefix, value: n.value, below: &branch[T]{by, nodes}}
}

// drop makes a key lead to nothing, and returns what it led to.
func (t *tree[T]) drop(by *edit, key []byte) *T {
	was := t.get(key)
	if was != nil {
		t.root = t.root.without(by, key)
		t.size--
	}
	return was
}

// without returns the node without the value of a key that is there; nil where nothing is
// left of it.
func (n *node[T]) without(by *edit, key []byte) *node[T] {
	rest := key[len(n.prefix):]
	if len(rest) == 0 {
		return (&node[T]{prefix: n.prefix, below: n.below}).tidied()
	}
	at, _ := n.find(rest[0])
	was := n.below.nodes[at]
	switch lower := was.without(by, rest); {
	case lower == was:
		return n
	case lower != nil:
		return n.spliced(by, at, 1, lower)
	case len(n.below.nodes) == 1:
		return (&node[T]{prefix: n.prefix, value: n.value}).tidied()
	default:
		return n.spliced(by, at, 1).tidied()
	}
}

// tidied returns the node that stands for one which has lost something: none for one
// without anything, and the only one below it for one without a value.
func (n *node[T]) tidied() *node[T] {
	switch {
	case n.value != nil:
		return n
	case n.below == nil:
		return nil
	case len(n.below.nodes) == 1:
		only := n.below.nodes[0]
		return &node[T]{prefix: n.prefix + only.prefix, value: only.value, below: only.below}
	default:
		return n
	}
}

// common is how many bytes two texts have in common at their start.
func common(a string, b []byte) int {
	most := min(len(a), len(b))
	for i := range most {
		if a[i] != b[i] {
			return i
		}
	}
	return most
}
