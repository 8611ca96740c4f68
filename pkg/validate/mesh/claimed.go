package mesh

import (
	"fmt"
	"slices"
	"strings"
)

// Lost is a host that one VirtualService claims on the mesh and does not get.
type Lost struct {
	Host string
	Section
	// By claims the host in vain; To are those that get it, the first of them first.
	By *VirtualService
	To []*VirtualService
	// Sidecars are the namespaces for which that is so.
	Sidecars Namespaces
	// Ranked is true where To come first because they are exported to these
	// namespaces by name, and not because of their age [2.4].
	Ranked bool
	// Labeled is true where it is so only for the workloads there that the sourceLabels
	// of To pick [4.5].
	Labeled bool
}

// Losses returns which VirtualServices lose a host to others on the mesh, where no
// two are merged [4.3, 4.4]. One that is treated like the other loses nothing.
func (v *View) Losses(host string) []*Lost {
	var losses []*Lost
	for _, section := range []Section{SectionHTTP, SectionTCP} {
		rivals := v.rivals(host, section)
		if len(rivals) < 2 {
			continue
		}
		for _, loser := range rivals {
			if slices.Contains(loser.Hosts, host) {
				losses = append(losses, v.lossesOf(loser, rivals, host, section)...)
			}
		}
	}
	return losses
}

// Losing returns the viewpoints that lose the host, without those whose Sidecars do not
// import the VirtualService, or have no listener for that host [2.8].
func (v *View) Losing(l *Lost) Viewpoints {
	return v.importing(l.By, l.Sidecars, func(to workloads) bool { return v.givesFor([]string{l.Host}, l.By, l.Section, 0, to) })
}

// lossesOf returns what one of those that claim a host loses: by rank, by age, and for some
// workloads only.
func (v *View) lossesOf(loser *VirtualService, claiming []*VirtualService, host string, section Section) []*Lost {
	wanted := v.wanted(loser, claiming, host, section)
	everyone, some := v.allBefore(loser, claiming, host, section, false), v.allBefore(loser, claiming, host, section, true)
	var names []string
	for _, before := range some {
		names = append(names, before.Named()...)
	}
	names = append(names, wanted.Named()...)
	for _, claimant := range claiming {
		names = append(append(names, v.sources(claimant)...), claimant.By.Namespace)
	}
	slices.Sort(names)
	var losses []*Lost
	lose := func(l *Lost, before map[*VirtualService]Namespaces, counts func(winner *VirtualService, client string) bool) {
		l.Host, l.Section, l.By = host, section, loser
		l.Sidecars = where(names, func(client string) bool {
			winner := first(before, client)
			if !wanted.Has(client) || winner == nil || !counts(winner, client) || v.alike(winner, loser, section, client) {
				return false
			}
			if !slices.Contains(l.To, winner) {
				l.To = append(l.To, winner)
			}
			return true
		})
		if !l.Sidecars.IsEmpty() {
			losses = append(losses, l)
		}
	}
	for _, ranked := range []bool{false, true} {
		lose(&Lost{Ranked: ranked}, everyone, func(winner *VirtualService, client string) bool {
			return (winner.bucket(client) != loser.bucket(client)) == ranked
		})
	}
	lose(&Lost{Labeled: true}, some, func(_ *VirtualService, client string) bool { return first(everyone, client) == nil })
	return losses
}

// allBefore returns the namespaces for which others that claim a host come first: of two
// files without ages, one is told of. Where labeled is true it is enough that they do for
// some workloads.
func (v *View) allBefore(loser *VirtualService, claiming []*VirtualService, host string, section Section, labeled bool) map[*VirtualService]Namespaces {
	before := make(map[*VirtualService]Namespaces, len(claiming))
	for _, other := range claiming {
		if other != loser {
			surviving := v.surviving(other, host, section, labeled)
			before[other] = v.ahead(surviving, other, loser, func(before, _ bool) bool { return before })
			if section == SectionHTTP {
				before[other] = before[other].Minus(v.domainTaken(other, host))
			}
		}
	}
	return before
}

// first returns the VirtualService that comes first of all for the clients of a
// namespace.
func first(before map[*VirtualService]Namespaces, client string) *VirtualService {
	var first *VirtualService
	for other, namespaces := range before {
		if !namespaces.Has(client) {
			continue
		}
		if first == nil {
			first = other
		} else if ahead, _ := other.precedes(first, client); ahead {
			first = other
		}
	}
	return first
}

// wanted returns the namespaces whose sidecars would be given any route of a
// section of a VirtualService for a host if nobody else claimed it, and it no other.
func (v *View) wanted(root *VirtualService, rivals []*VirtualService, host string, section Section) Namespaces {
	alone := *root
	alone.Hosts, alone.written, alone.Gateways = []string{host}, []string{host}, nil
	var wanted Namespaces
	for _, d := range v.handedOut(&alone) {
		if d.Route.Section == section {
			wanted = wanted.Or(d.Reach.Sidecars)
		}
	}
	if section == SectionHTTP { // what a service goes by is claimed with the service
		wanted = wanted.Minus(v.domainTaken(root, host, rivals...))
	}
	return wanted
}

// alike reports whether the clients of a namespace are treated the same by a
// section of one VirtualService and of another.
func (v *View) alike(a, b *VirtualService, section Section, client string) bool {
	return v.treatment(a, section, client) == v.treatment(b, section, client)
}

// treatment is all that a section of a VirtualService does with the requests of a
// namespace, for comparison.
func (v *View) treatment(root *VirtualService, section Section, client string) string {
	var b strings.Builder
	for _, d := range v.handedOut(root) {
		if d.Route.Section != section || !d.Reach.Sidecars.Has(client) {
			continue
		}
		matches, unconditional := d.MatchesAt(Viewpoint{Namespace: client})
		fmt.Fprintf(&b, "%t %t %s\n", unconditional, d.Route.Answers, d.Route.Acts)
		if d.From != d.Route {
			fmt.Fprintf(&b, "under %s\n", d.From.Acts)
		}
		for _, m := range matches {
			bare := *m
			if len(m.Gateways) > 0 { // which count no more, nor does the source of HTTP
				bare.Gateways = nil
			}
			fmt.Fprintf(&b, "match %v\n", bare)
		}
		for _, to := range slices.Concat(d.Route.Destinations, d.mirroring().Route.Mirrors) {
			weight := to.Weight
			if len(d.Route.Destinations) == 1 {
				weight = 0 // a single destination gets everything
			}
			fmt.Fprintf(&b, "to %s %s %d %d\n", to.Host, to.Subset, to.Port, weight)
		}
	}
	return b.String()
}
