package envoy

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// Matches reports whether a match holds for a request: the path and every condition on
// headers and query parameters. It panics for conditions that it does not know.
func Matches(match *routev3.RouteMatch, request Request) bool {
	if len(match.GetDynamicMetadata()) > 0 || match.GetGrpc() != nil || match.GetRuntimeFraction() != nil {
		panic(fmt.Sprintf("a condition that requests do not have: %s", match))
	}
	if !matchesPath(match, request.Path) {
		return false
	}
	for _, condition := range match.GetHeaders() {
		if value, has := request.header(condition.GetName()); !matchesHeader(condition, value, has) {
			return false
		}
	}
	for _, condition := range match.GetQueryParameters() {
		if value, has := request.Query[condition.GetName()]; !matchesQuery(condition, value, has) {
			return false
		}
	}
	return true
}

// matchesPath compares paths, in any case where the match says so; expressions are
// compared as they are written all the same.
func matchesPath(match *routev3.RouteMatch, path string) bool {
	fold := func(text string) string { return text }
	if match.GetCaseSensitive() != nil && !match.GetCaseSensitive().GetValue() {
		fold = strings.ToLower
	}
	switch at := match.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return strings.HasPrefix(fold(path), fold(at.Prefix))
	case *routev3.RouteMatch_Path:
		return fold(path) == fold(at.Path)
	case *routev3.RouteMatch_SafeRegex:
		return matchesWhole(at.SafeRegex, path)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		rest, begins := strings.CutPrefix(fold(path), fold(at.PathSeparatedPrefix))
		return begins && (rest == "" || rest[0] == '/')
	default:
		panic(fmt.Sprintf("a path that is not known: %s", match))
	}
}

// matchesHeader holds a header against a condition. A header that is missing satisfies
// no condition on its text, not even one turned round, unless missing counts as empty.
func matchesHeader(condition *routev3.HeaderMatcher, value string, has bool) bool {
	switch how := condition.GetHeaderMatchSpecifier().(type) {
	case nil:
		return has != condition.GetInvertMatch()
	case *routev3.HeaderMatcher_PresentMatch:
		return (has == how.PresentMatch) != condition.GetInvertMatch()
	case *routev3.HeaderMatcher_StringMatch:
		if !has && !condition.GetTreatMissingHeaderAsEmpty() {
			return false
		}
		return matchesText(how.StringMatch, value) != condition.GetInvertMatch()
	default:
		panic(fmt.Sprintf("a condition on headers that is not known: %s", condition))
	}
}

func matchesQuery(condition *routev3.QueryParameterMatcher, value string, has bool) bool {
	switch how := condition.GetQueryParameterMatchSpecifier().(type) {
	case nil:
		return has
	case *routev3.QueryParameterMatcher_PresentMatch:
		return has == how.PresentMatch
	case *routev3.QueryParameterMatcher_StringMatch:
		return has && matchesText(how.StringMatch, value)
	default:
		panic(fmt.Sprintf("a condition on query parameters that is not known: %s", condition))
	}
}

func matchesText(condition *matcherv3.StringMatcher, text string) bool {
	fold := func(text string) string { return text }
	if condition.GetIgnoreCase() {
		fold = strings.ToLower
	}
	switch how := condition.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return fold(text) == fold(how.Exact)
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(fold(text), fold(how.Prefix))
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(fold(text), fold(how.Suffix))
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(fold(text), fold(how.Contains))
	case *matcherv3.StringMatcher_SafeRegex:
		return matchesWhole(how.SafeRegex, text)
	default:
		panic(fmt.Sprintf("a condition on text that is not known: %s", condition))
	}
}

// matchesWhole reports whether an expression takes the whole of a text, as Envoy asks of
// it. One that Envoy would refuse takes nothing.
func matchesWhole(expression *matcherv3.RegexMatcher, text string) bool {
	compiled, known := expressions.Load(expression.GetRegex())
	if !known {
		written, _ := regexp.Compile(`^(?:` + expression.GetRegex() + `)$`) // nil where it fails
		compiled, _ = expressions.LoadOrStore(expression.GetRegex(), written)
	}
	reads := compiled.(*regexp.Regexp)
	return reads != nil && reads.MatchString(text)
}

// expressions are those made ready so far, by their text: many requests are held
// against each.
var expressions sync.Map
