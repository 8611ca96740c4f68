package mesh

import (
	"slices"
)

// Namespaces is a set of namespaces: a few named ones, or all but a few. The
// zero value is the empty set. Namespaces that nobody named are alike, so a
// mesh of any size is judged by the few names that occur in a set.
type Namespaces struct {
	names  []string // sorted
	allBut bool
}

// AllNamespaces is the set of every namespace, existing or not.
func AllNamespaces() Namespaces { return Namespaces{allBut: true} }

// OnlyNamespaces is the set of the named namespaces.
func OnlyNamespaces(names ...string) Namespaces {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
	slices.Sort(names)
	return Namespaces{names: slices.Compact(names)}
}

// Has reports whether the set holds a namespace.
func (n Namespaces) Has(namespace string) bool {
	_, named := slices.BinarySearch(n.names, namespace)
	return named != n.allBut
}

// IsEmpty reports whether the set holds no namespace at all.
func (n Namespaces) IsEmpty() bool { return !n.allBut && len(n.names) == 0 }

// Named returns the namespaces that the set tells apart, in order. They must
// not be changed.
func (n Namespaces) Named() []string { return n.names }

// And returns the namespaces that are in both sets.
func (n Namespaces) And(o Namespaces) Namespaces {
	return n.combine(o, n.allBut && o.allBut, func(inN, inO bool) bool { return inN && inO })
}

// Or returns the namespaces that are in either set.
func (n Namespaces) Or(o Namespaces) Namespaces {
	return n.combine(o, n.allBut || o.allBut, func(inN, inO bool) bool { return inN || inO })
}

// Minus returns the namespaces of n that are not in o.
func (n Namespaces) Minus(o Namespaces) Namespaces {
	return n.combine(o, n.allBut && !o.allBut, func(inN, inO bool) bool { return inN && !inO })
}

// combine decides every name that either set tells apart; others is the
// decision for all the rest.
func (n Namespaces) combine(o Namespaces, others bool, in func(inN, inO bool) bool) Namespaces {
	result := Namespaces{allBut: others}
	for _, name := range merged(n.names, o.names) {
		if in(n.Has(name), o.Has(name)) != others {
			result.names = append(result.names, name)
		}
	}
	return result
}

// merged is the union of two sorted lists. It allocates only when each has names that the
// other does not have.
func merged(a, b []string) []string {
	if allIn(b, a) {
		return a
	}
	if allIn(a, b) {
		return b
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// allIn reports whether all names of a list are in a sorted one.
func allIn(some, all []string) bool {
	for _, name := range some {
		if _, found := slices.BinarySearch(all, name); !found {
			return false
		}
	}
	return true
}

// exportedTo is the visibility that an exportTo list of an object in namespace
// own gives a VirtualService, Service or ServiceEntry [2.1, 2.3]: "*" anywhere
// makes it public, "." is the object's own namespace, "~" is nobody. An empty
// list takes the mesh's default.
func exportedTo(exportTo []string, own string, byDefault []string) Namespaces {
	if len(exportTo) == 0 {
		exportTo = byDefault
	}
	if len(exportTo) == 0 || slices.Contains(exportTo, "*") {
		return AllNamespaces()
	}
	if slices.Contains(exportTo, "~") {
		return Namespaces{}
	}
	names := slices.Clone(exportTo)
	for i, name := range names {
		if name == "." {
			names[i] = own
		}
	}
	return OnlyNamespaces(names...)
}
