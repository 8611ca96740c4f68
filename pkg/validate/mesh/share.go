package mesh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// share is what of a route's traffic goes to one place.
type share struct {
	host, subset string
	port         uint32
	weight       int64
}

func (s share) compare(o share) int {
	return cmp.Or(cmp.Compare(s.host, o.host), cmp.Compare(s.subset, o.subset), cmp.Compare(s.port, o.port))
}

// like reports whether two shares may lead to the same place. A port that is left
// out is inferred from the service [6.1], and may be the one that the other names.
func (s share) like(o share) bool {
	return s.host == o.host && s.subset == o.subset && s.weight == o.weight &&
		(s.port == o.port || s.port == 0 || o.port == 0)
}

// with returns the share with another weight.
func (s share) with(weight int64) share {
	s.weight = weight
	return s
}

// shares returns where a route sends its traffic, each place once and in order, with
// weights that have no common divisor: however it is written.
func (d *Delivery) shares() []share {
	if d.sharing {
		return d.sent
	}
	d.sharing = true
	var total int64
	for _, to := range d.Route.Destinations {
		total += max(to.Weight, 0)
	}
	sole := len(d.Route.Destinations) == 1 // which gets everything, whatever its weight
	var list []share
	for _, to := range d.Route.Destinations {
		s := share{to.Host, to.Subset, to.Port, max(to.Weight, 0)}
		if sole {
			s.weight = 1
		}
		if s.weight > 0 || total == 0 {
			list = append(list, s)
		}
	}
	d.sent = reduced(list)
	return d.sent
}

// reduced puts shares in order, makes one of those of one place, or that may be, and takes
// the common divisor out of their weights.
func reduced(list []share) []share {
	slices.SortFunc(list, share.compare)
	var one []share
	var common int64
	for _, s := range list {
		if last := len(one) - 1; last >= 0 && one[last].with(s.weight).like(s) {
			one[last].weight += s.weight
			continue
		}
		one = append(one, s)
	}
	for _, s := range one {
		common = divisor(common, s.weight)
	}
	for i := range one {
		if common > 0 {
			one[i].weight /= common
		}
	}
	return one
}

// divisor returns the greatest that two numbers have in common.
func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// SameEffect reports whether two routes do the same to a request, as far as can be
// told: of a port that one of them leaves out nothing is proved.
func (d *Delivery) SameEffect(o *Delivery) bool {
	return d.Route.Acts == o.Route.Acts && d.inherited() == o.inherited() &&
		slices.EqualFunc(d.shares(), o.shares(), share.like)
}

// Effect is what a route does to a request, as text for comparison: the same for two
// that are written for the same.
func (d *Delivery) Effect() string {
	var b strings.Builder
	b.WriteString(d.Route.Acts + d.inherited())
	for _, s := range d.shares() {
		fmt.Fprintf(&b, " %s %s %d %d", s.host, s.subset, s.port, s.weight)
	}
	return b.String()
}

// inherited is what a route takes over from the root that delegates to it.
func (d *Delivery) inherited() string {
	if d.From == d.Route {
		return ""
	}
	return d.From.Acts
}
