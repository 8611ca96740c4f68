package mesh_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// FuzzGlob compares a glob with the regular expression that means the same.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"default", "default"},
		{"*", ""},
		{"team-*", "team-a"},
		{"a*b*c", "a-b-b-c"},
		{"a*a", "a"},
		{"*.global", "reviews.prod.global"},
		{"*.global", "global"},
		{"*aab", "aaab"},
		{"*b*c*", "bcb"},
		{"a*ab*b", "aabb"},
		{"system:serviceaccount:*:flagger", "system:serviceaccount:canary:flagger"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		expression, err := regexp.Compile("(?s)^(?:" + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*") + ")$")
		if err != nil {
			t.Skip(err) // not UTF-8
		}
		if got, want := mesh.Glob(glob).Match(name), expression.MatchString(name); got != want {
			t.Errorf("glob %q, name %q: %v, want %v", glob, name, got, want)
		}
	})
}
