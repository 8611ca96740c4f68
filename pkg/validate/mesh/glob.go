package mesh

import (
	"slices"
	"strings"
)

// Glob is a name in which "*" stands for any run of characters, dots, slashes
// and none at all included. Nothing else is special: names of users hold
// characters that other patterns give a meaning to.
type Glob string

// Match reports whether a name is one of those that the glob stands for.
func (g Glob) Match(name string) bool {
	parts := strings.Split(string(g), "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return name == first
	}
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	rest := name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		// The earliest place leaves the most for the parts that follow.
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}

// Matches reports whether any of the globs stands for a name.
func Matches(globs []Glob, name string) bool {
	return slices.ContainsFunc(globs, func(g Glob) bool { return g.Match(name) })
}
