package mesh_test

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// request is what the conditions of a match look at.
type request struct {
	path, method string
	headers      map[string]string
}

// expressions are the regular expressions that matches have, as Envoy reads them.
var expressions = map[string]*regexp.Regexp{
	".*":     regexp.MustCompile(`^.*$`),
	"/a/?.*": regexp.MustCompile(`^/a/?.*$`),
	"j.*":    regexp.MustCompile(`^j.*$`),
	"[0-9]":  regexp.MustCompile(`^[0-9]$`),
}

// requests are enough to tell the matches below apart.
func requests() []request {
	var all []request
	for _, path := range []string{"/", "/a", "/A", "/a/b", "/A/b", "/ab", "/c"} {
		for _, method := range []string{"GET", "POST"} {
			for _, headers := range []map[string]string{nil, {"user": "jason"}, {"user": "lynn"}, {"user": "jason", "beta": "1"}, {"beta": "2"}} {
				all = append(all, request{path, method, headers})
			}
		}
	}
	return all
}

func anyCondition(random *rand.Rand, texts ...string) mesh.Condition {
	how := []mesh.How{mesh.Exact, mesh.Prefix, mesh.Regex, mesh.Present}[random.IntN(4)]
	if how == mesh.Regex {
		return mesh.Condition{How: how, Text: slices.Sorted(maps.Keys(expressions))[random.IntN(len(expressions))]}
	}
	if how == mesh.Present {
		return mesh.Condition{How: how}
	}
	return mesh.Condition{How: how, Text: texts[random.IntN(len(texts))]}
}

func anyMatch(random *rand.Rand) *mesh.Match {
	m := &mesh.Match{IgnoreURICase: random.IntN(4) == 0}
	if random.IntN(3) > 0 {
		if m.URI = anyCondition(random, "/", "/a", "/A", "/a/b", "/c", ""); m.URI.How == mesh.Present {
			m.URI = mesh.Condition{}
		}
	}
	if random.IntN(4) == 0 {
		m.Method = mesh.Condition{How: mesh.Exact, Text: []string{"GET", "POST"}[random.IntN(2)]}
	}
	for _, headers := range []*map[string]mesh.Condition{&m.Headers, &m.WithoutHeaders} {
		for _, name := range []string{"user", "beta"} {
			if random.IntN(4) == 0 {
				if *headers == nil {
					*headers = map[string]mesh.Condition{}
				}
				(*headers)[name] = anyCondition(random, "jason", "lynn", "j", "1")
			}
		}
	}
	return m
}

// satisfies plays the match through as a proxy does.
func satisfies(m *mesh.Match, r request) bool {
	path, uri := r.path, m.URI
	if m.IgnoreURICase && uri.How != mesh.Regex {
		path, uri.Text = strings.ToLower(path), strings.ToLower(uri.Text)
	}
	if !holds(uri, path, true) || !holds(m.Method, r.method, true) {
		return false
	}
	for name, condition := range m.Headers {
		value, present := r.headers[name]
		if !holds(condition, value, present) {
			return false
		}
	}
	for name, condition := range m.WithoutHeaders {
		value, present := r.headers[name]
		if holds(condition, value, present) {
			return false
		}
	}
	return true
}

func holds(c mesh.Condition, value string, present bool) bool {
	switch c.How {
	case "":
		return true
	case mesh.Exact:
		return present && value == c.Text
	case mesh.Prefix:
		return present && strings.HasPrefix(value, c.Text)
	case mesh.Regex:
		return present && expressions[c.Text].MatchString(value)
	default:
		return present
	}
}

// TestCovers compares what is proved of two matches with what requests show.
func TestCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	view := mesh.Empty(mesh.DefaultConfig()).View()
	all := requests()
	covering, meeting, apart := 0, 0, 0
	for range 5000 {
		a, b := anyMatch(random), anyMatch(random)
		covers, meets := view.Covers(a, b), view.Meets(a, b)
		if meets != view.Meets(b, a) {
			t.Fatalf("%+v meets %+v one way only", a, b)
		}
		if elsewhere := a.Elsewhere(b); elsewhere && (covers || meets || view.Covers(b, a)) {
			t.Fatalf("%+v and %+v are not told apart by their paths", a, b)
		} else {
			apart += count(elsewhere)
		}
		common, ofA, ofB := 0, 0, 0
		for _, r := range all {
			inA, inB := satisfies(a, r), satisfies(b, r)
			if covers && inB && !inA {
				t.Fatalf("%+v does not cover %+v: %+v", a, b, r)
			}
			common, ofA, ofB = common+count(inA && inB), ofA+count(inA), ofB+count(inB)
		}
		// The headers of the list are too few to show all that could meet.
		plain := len(a.Headers)+len(b.Headers)+len(a.WithoutHeaders)+len(b.WithoutHeaders) == 0
		if plain && meets && ofA > 0 && ofB > 0 && common == 0 {
			t.Fatalf("%+v and %+v have no request in common", a, b)
		}
		covering, meeting = covering+count(covers), meeting+count(meets)
	}
	if covering < 200 || meeting < 1000 || apart < 50 {
		t.Errorf("%d cover, %d meet and %d are apart: the generator is starved", covering, meeting, apart)
	}
}

func count(so bool) int {
	if so {
		return 1
	}
	return 0
}

// TestExpressionsAreReadOnce checks that comparing again costs next to nothing: a
// VirtualService may have thousands of regular expressions.
func TestExpressionsAreReadOnce(t *testing.T) {
	view := mesh.Empty(mesh.DefaultConfig()).View()
	wide := &mesh.Match{URI: mesh.Condition{How: mesh.Regex, Text: "/a(/[0-9]{1,30}){1,30}"}}
	narrow := &mesh.Match{URI: mesh.Condition{How: mesh.Exact, Text: "/a/1"}}
	again := testing.AllocsPerRun(10, func() { view.Covers(wide, narrow) })
	first := testing.AllocsPerRun(10, func() { mesh.Empty(mesh.DefaultConfig()).View().Covers(wide, narrow) })
	if again > first/10 {
		t.Errorf("%v allocations, and %v where the expression is read", again, first)
	}
	if !view.Covers(wide, narrow) {
		t.Error("the expression is not read")
	}
}
