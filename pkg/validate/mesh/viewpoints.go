package mesh

import (
	"maps"
	"slices"
	"strings"
)

// Viewpoint is one kind of client that istiod configures alike: the sidecars of
// a namespace, those of them that a workloadSelector picks, or the pods of a
// gateway. There are no global answers, only answers per viewpoint.
type Viewpoint struct {
	// Gateway is the "namespace/name" of a Gateway, or empty for sidecars.
	Gateway string
	// Namespace of the clients; empty for every namespace that no other
	// viewpoint names.
	Namespace string
	// Labels of the clients as "key=value,…"; empty for those of the namespace
	// that no other viewpoint picks out.
	Labels string
}

// String is the viewpoint as reports write it: "namespace/default",
// "namespace/default{app=web}", "namespace/*" or "gateway/default/bookinfo".
func (v Viewpoint) String() string {
	switch {
	case v.Gateway != "":
		return "gateway/" + v.Gateway
	case v.Namespace == "":
		return "namespace/*"
	case v.Labels != "":
		return "namespace/" + v.Namespace + "{" + v.Labels + "}"
	default:
		return "namespace/" + v.Namespace
	}
}

// wider is the viewpoint that answers for v where nobody told v apart, and
// whether there is one.
func (v Viewpoint) wider() (Viewpoint, bool) {
	switch {
	case v.Gateway != "" || v.Namespace == "":
		return Viewpoint{}, false
	case v.Labels != "":
		return Viewpoint{Namespace: v.Namespace}, true
	default:
		return Viewpoint{}, true
	}
}

// Viewpoints says for every viewpoint there can be whether something holds for
// it, told by the few that make a difference: a viewpoint that is not named
// answers as the next wider one does. The zero value holds for none.
type Viewpoints struct {
	holds map[Viewpoint]bool
}

// Set records the answer for one viewpoint. It is only for a value that is
// being built: a copy shares what it holds.
func (v *Viewpoints) Set(at Viewpoint, holds bool) {
	if v.holds == nil {
		v.holds = make(map[Viewpoint]bool, 2)
	}
	v.holds[at] = holds
}

// Has reports whether it holds for a viewpoint.
func (v Viewpoints) Has(at Viewpoint) bool {
	for known := true; known; at, known = at.wider() {
		if holds, named := v.holds[at]; named {
			return holds
		}
	}
	return false
}

// IsEmpty reports whether it holds for no viewpoint.
func (v Viewpoints) IsEmpty() bool {
	for _, holds := range v.holds {
		if holds {
			return false
		}
	}
	return true
}

// Or holds where either holds.
func (v Viewpoints) Or(o Viewpoints) Viewpoints {
	return v.combine(o, func(inV, inO bool) bool { return inV || inO })
}

// Minus holds where v holds and o does not.
func (v Viewpoints) Minus(o Viewpoints) Viewpoints {
	return v.combine(o, func(inV, inO bool) bool { return inV && !inO })
}

func (v Viewpoints) combine(o Viewpoints, in func(inV, inO bool) bool) Viewpoints {
	var result Viewpoints
	for at := range v.holds {
		result.Set(at, in(v.Has(at), o.Has(at)))
	}
	for at := range o.holds {
		result.Set(at, in(v.Has(at), o.Has(at)))
	}
	return result
}

// Holding returns the viewpoints for which it holds, in order, without those
// that a wider one answers for; but returns those that are taken out of a wider
// one. Together they say the whole.
func (v Viewpoints) Holding() (holding, but []Viewpoint) {
	for _, at := range slices.SortedFunc(maps.Keys(v.holds), Viewpoint.compare) {
		wider, known := at.wider()
		byWider := known && v.Has(wider)
		switch {
		case v.holds[at] && !byWider:
			holding = append(holding, at)
		case !v.holds[at] && byWider:
			but = append(but, at)
		}
	}
	return holding, but
}

// Strings lists the viewpoints for which it holds as reports write them, with a
// "!" before those that are taken out of a wider one.
func (v Viewpoints) Strings() []string {
	holding, but := v.Holding()
	list := make([]string, 0, len(holding)+len(but))
	for _, at := range holding {
		list = append(list, at.String())
	}
	for _, at := range but {
		list = append(list, "!"+at.String())
	}
	return list
}

// compare puts sidecars before gateways and the widest first.
func (v Viewpoint) compare(o Viewpoint) int {
	return strings.Compare(v.order(), o.order())
}

func (v Viewpoint) order() string {
	return v.Gateway + "\x00" + v.Namespace + "\x00" + v.Labels
}
