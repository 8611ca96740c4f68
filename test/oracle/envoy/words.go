package envoy

import (
	"regexp/syntax"
	"slices"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// words are what conditions bring to mind: texts as they are, and some for each
// expression.
type words struct{ texts, taken []string }

func (w *words) add(texts ...string) { w.texts = append(w.texts, texts...) }

func (w *words) exact(text string) { w.add(text, text+"x") }

func (w *words) prefix(text string) { w.add(text, text+"x", text+"/x") }

func (w *words) expression(text string) {
	if parsed, err := syntax.Parse(text, syntax.Perl); err == nil {
		w.taken = append(w.taken, taken(parsed)...)
	}
}

func (w *words) about(condition *matcherv3.StringMatcher) {
	switch how := condition.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		w.exact(how.Exact)
	case *matcherv3.StringMatcher_Prefix:
		w.prefix(how.Prefix)
	case *matcherv3.StringMatcher_SafeRegex:
		w.expression(how.SafeRegex.GetRegex())
	}
}

// within adds each word in the place of the wildcard in some names, so that it also ends
// as they do.
func (w *words) within(names []string) {
	for _, word := range slices.Concat(w.texts, w.taken) {
		for _, name := range names {
			w.add(strings.Replace(name, wild, word, 1))
		}
	}
}

// all are the words, and what expressions take behind each other word as well: so that
// it also begins as other conditions ask.
func (w *words) all() []string {
	all := slices.Concat(w.texts, w.taken)
	for _, before := range slices.Clone(all) {
		for _, after := range w.taken {
			all = append(all, before+after)
		}
	}
	return all
}

// samples are the words that are of use, as they are and in capitals.
func (w *words) samples(useful func(string) bool) []sample {
	var samples []sample
	for _, spelt := range []func(string) string{strings.Clone, strings.ToUpper} {
		for _, word := range w.all() {
			if text := spelt(word); useful(text) {
				samples = append(samples, sample{text, true})
			}
		}
	}
	return samples
}

// mostTexts bounds the texts of one part of an expression.
const mostTexts = 16

// taken are some texts that an expression takes: each choice that it has, and what
// repeats not at all, once and twice.
func taken(e *syntax.Regexp) []string {
	switch e.Op {
	case syntax.OpLiteral:
		return []string{string(e.Rune)}
	case syntax.OpCharClass:
		return []string{string(e.Rune[0]), string(e.Rune[len(e.Rune)-1])}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x", "/"}
	case syntax.OpCapture:
		return taken(e.Sub[0])
	case syntax.OpQuest:
		return repeated(e, 0, 1)
	case syntax.OpStar:
		return repeated(e, 0, 2)
	case syntax.OpPlus:
		return repeated(e, 1, 2)
	case syntax.OpRepeat:
		return repeated(e, e.Min, e.Min+1)
	case syntax.OpConcat:
		return concatenated(e.Sub)
	case syntax.OpAlternate:
		return alternated(e.Sub)
	default:
		return []string{""}
	}
}

func alternated(choices []*syntax.Regexp) []string {
	var all []string
	for _, choice := range choices {
		all = append(all, taken(choice)...)
	}
	return few(all)
}

func repeated(e *syntax.Regexp, from, to int) []string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, concatenated(slices.Repeat(e.Sub, n))...)
	}
	return few(all)
}

func concatenated(parts []*syntax.Regexp) []string {
	all := []string{""}
	for _, part := range parts {
		var longer []string
		for _, before := range all {
			for _, after := range taken(part) {
				longer = append(longer, before+after)
			}
		}
		all = few(longer)
	}
	return all
}

func few(texts []string) []string { return texts[:min(len(texts), mostTexts)] }
