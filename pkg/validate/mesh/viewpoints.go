package mesh

import (
	"cmp"
	"slices"
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
	answers []answer // in order, each viewpoint once
}

type answer struct {
	at    Viewpoint
	holds bool
}

// find returns where the answer for a viewpoint is, or would be, and whether it is there.
func (v Viewpoints) find(at Viewpoint) (int, bool) {
	return slices.BinarySearchFunc(v.answers, at, func(a answer, at Viewpoint) int { return a.at.Compare(at) })
}

// Set records the answer for one viewpoint. It is only for a value that is
// being built: a copy shares what it holds.
func (v *Viewpoints) Set(at Viewpoint, holds bool) {
	i, named := v.find(at)
	if named {
		v.answers[i].holds = holds
		return
	}
	if _, narrower := at.wider(); !narrower && !holds {
		return // as it is where nobody names it
	}
	v.answers = slices.Insert(v.answers, i, answer{at, holds})
}

// Has reports whether it holds for a viewpoint.
func (v Viewpoints) Has(at Viewpoint) bool {
	for known := true; known; at, known = at.wider() {
		if i, named := v.find(at); named {
			return v.answers[i].holds
		}
	}
	return false
}

// IsEmpty reports whether it holds for no viewpoint.
func (v Viewpoints) IsEmpty() bool {
	return !slices.ContainsFunc(v.answers, func(a answer) bool { return a.holds })
}

// Or holds where either holds.
func (v Viewpoints) Or(o Viewpoints) Viewpoints {
	switch {
	case len(v.answers) == 0:
		return o
	case len(o.answers) == 0:
		return v
	}
	return v.combine(o, func(inV, inO bool) bool { return inV || inO })
}

// Minus holds where v holds and o does not.
func (v Viewpoints) Minus(o Viewpoints) Viewpoints {
	if len(v.answers) == 0 || len(o.answers) == 0 {
		return v
	}
	return v.combine(o, func(inV, inO bool) bool { return inV && !inO })
}

func (v Viewpoints) combine(o Viewpoints, in func(inV, inO bool) bool) Viewpoints {
	var result Viewpoints
	result.answers = make([]answer, 0, max(len(v.answers), len(o.answers)))
	for _, a := range v.answers {
		result.Set(a.at, in(a.holds, o.Has(a.at)))
	}
	for _, a := range o.answers {
		result.Set(a.at, in(v.Has(a.at), a.holds))
	}
	return result
}

// Holding returns the viewpoints for which it holds, in order, without those
// that a wider one answers for; but returns those that are taken out of a wider
// one. Together they say the whole.
func (v Viewpoints) Holding() (holding, but []Viewpoint) {
	for _, a := range v.answers {
		wider, known := a.at.wider()
		byWider := known && v.Has(wider)
		switch {
		case a.holds && !byWider:
			holding = append(holding, a.at)
		case !a.holds && byWider:
			but = append(but, a.at)
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

// Compare puts sidecars before gateways and the widest first.
func (v Viewpoint) Compare(o Viewpoint) int {
	return cmp.Or(cmp.Compare(v.Gateway, o.Gateway), cmp.Compare(v.Namespace, o.Namespace), cmp.Compare(v.Labels, o.Labels))
}
