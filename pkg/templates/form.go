package templates

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A form is what all texts of one outline come to, but for what is in the holes.
//
// Of each hole its outline makes sure that YAML reads the same string there, and everything
// else alike, whatever is in it, as long as it reads a string of its own there. That is
// found out once, with stand-ins: each one comes out whole, once, as a value of which
// nothing else of the overlay depends.
type form struct {
	outline string
	// overlay has stand-ins in the spots of the holes; nil where some hole has no spot.
	overlay *Overlay
	spots   []spot
	patch   splice
	// inits and containers are the JSON of those that have holes.
	inits, containers map[int]splice
}

// A spot is where the overlay has what is in a hole.
type spot struct {
	list listOf
	at   int // in that list
	env  int // in the environment of a container
}

type listOf int

const (
	nowhere listOf = iota
	inLabels
	inAnnotations
	inInits
	inContainers
)

// learn returns the form of an outline. One without holes has to be the text itself.
func learn(o *outline) (*form, error) {
	if len(o.ends) == 0 {
		overlay, err := parseOverlay(o.form)
		return &form{outline: string(o.form), overlay: overlay}, err
	}
	f := &form{outline: string(o.form)}
	standIns := standInsFor(len(o.ends))
	overlay, err := parseOverlay(filledWith(o.form, standIns))
	if err != nil {
		return f, nil //nolint:nilerr // the text itself will tell, or be none
	}
	for _, standIn := range standIns {
		found := spotOf(overlay, standIn)
		if found.list == nowhere || bytes.Count(overlay.patch, []byte(standIn)) != 1 {
			return f, nil
		}
		f.spots = append(f.spots, found)
	}
	f.overlay, f.patch = overlay, spliceOf(overlay.patch, standIns)
	f.inits = splicesOf(overlay.InitContainers, standIns)
	f.containers = splicesOf(overlay.Containers, standIns)
	return f, nil
}

// standInsFor returns so many words that nobody can guess, and so write into a text.
func standInsFor(holes int) []string {
	secret := rand.Text()
	standIns := make([]string, holes)
	for i := range standIns {
		standIns[i] = fmt.Sprintf("hole://%s/%d/x", secret, i)
	}
	return standIns
}

// filledWith returns the text of a form with words in its holes.
func filledWith(form []byte, words []string) []byte {
	text := make([]byte, 0, 2*len(form))
	for _, word := range words {
		before, after, _ := bytes.Cut(form, []byte{hole})
		text = append(append(text, before...), word...)
		form = after
	}
	return append(text, form...)
}

func spotOf(overlay *Overlay, value string) spot {
	holds := func(p Pair) bool { return p.Value == value }
	if at := slices.IndexFunc(overlay.Labels, holds); at >= 0 {
		return spot{list: inLabels, at: at}
	}
	if at := slices.IndexFunc(overlay.Annotations, holds); at >= 0 {
		return spot{list: inAnnotations, at: at}
	}
	if at, env := envOf(overlay.InitContainers, value); at >= 0 {
		return spot{inInits, at, env}
	}
	if at, env := envOf(overlay.Containers, value); at >= 0 {
		return spot{inContainers, at, env}
	}
	return spot{}
}

// envOf returns which container has a value in its environment, and where; -1 for none.
func envOf(containers []Container, value string) (at, env int) {
	at = slices.IndexFunc(containers, func(c Container) bool {
		env = slices.IndexFunc(c.Spec.Env, func(v corev1.EnvVar) bool { return v.Value == value })
		return env >= 0
	})
	return at, env
}

// filled returns the overlay of the text that has these values in its holes.
func (f *form) filled(o *outline) *Overlay {
	if len(f.spots) == 0 {
		return f.overlay
	}
	overlay := *f.overlay
	overlay.Labels, overlay.Annotations = slices.Clone(overlay.Labels), slices.Clone(overlay.Annotations)
	overlay.InitContainers = ownEnv(overlay.InitContainers, f.inits)
	overlay.Containers = ownEnv(overlay.Containers, f.containers)
	values := o.split()
	for i, in := range f.spots {
		switch in.list {
		case nowhere:
		case inLabels:
			overlay.Labels[in.at].Value = values[i]
		case inAnnotations:
			overlay.Annotations[in.at].Value = values[i]
		case inInits:
			overlay.InitContainers[in.at].Spec.Env[in.env].Value = values[i]
		case inContainers:
			overlay.Containers[in.at].Spec.Env[in.env].Value = values[i]
		}
	}
	for at, spliced := range f.inits {
		overlay.InitContainers[at].JSON = spliced.with(values)
	}
	for at, spliced := range f.containers {
		overlay.Containers[at].JSON = spliced.with(values)
	}
	overlay.filling = func() []byte { return f.patch.with(values) }
	return &overlay
}

// split returns what is in the holes.
func (o *outline) split() []string {
	all, start := string(o.values), 0
	values := make([]string, len(o.ends))
	for i, end := range o.ends {
		values[i], start = all[start:end], end
	}
	return values
}

// ownEnv returns containers of which some have environments of their own.
func ownEnv(all []Container, those map[int]splice) []Container {
	if len(those) == 0 {
		return all
	}
	all = slices.Clone(all)
	for at := range those {
		spec := *all[at].Spec
		spec.Env = slices.Clone(spec.Env)
		all[at].Spec = &spec
	}
	return all
}

// A splice is JSON with holes between its parts, one fewer than there are parts.
type splice struct {
	parts []string
	holes []int // which of all holes
}

// spliceOf cuts JSON where it has stand-ins.
func spliceOf(encoded []byte, standIns []string) splice {
	var s splice
	rest := string(encoded)
	for rest != "" {
		at, next := len(rest), -1
		for i, standIn := range standIns {
			if found := strings.Index(rest, `"`+standIn+`"`); found >= 0 && found < at {
				at, next = found, i
			}
		}
		s.parts = append(s.parts, rest[:at])
		if next < 0 {
			break
		}
		s.holes = append(s.holes, next)
		rest = rest[at+len(standIns[next])+len(`""`):]
	}
	return s
}

func splicesOf(containers []Container, standIns []string) map[int]splice {
	result := map[int]splice{}
	for at := range containers {
		if s := spliceOf(containers[at].JSON, standIns); len(s.holes) > 0 {
			result[at] = s
		}
	}
	return result
}

// with returns the JSON with values in its holes.
func (s splice) with(values []string) []byte {
	size := 0
	for _, part := range s.parts {
		size += len(part)
	}
	for _, i := range s.holes {
		size += len(values[i]) + len(`""`)
	}
	encoded := make([]byte, 0, size)
	for i, part := range s.parts {
		encoded = append(encoded, part...)
		if i < len(s.holes) {
			encoded = appendQuoted(encoded, values[s.holes[i]])
		}
	}
	return encoded
}
