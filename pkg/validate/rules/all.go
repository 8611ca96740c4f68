// Package rules holds the rules, one to a file.
//
// A rule knows the mesh at one key and nothing else: no files, no admission, no
// other rule.
package rules

import (
	"embed"
	"strings"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// All returns every rule, by name.
func All() []*rule.Rule {
	return []*rule.Rule{
		AmbiguousPort,
		BrokenDelegate,
		DeadDestinationRuleHost,
		DuplicateSubset,
		ForeignHost,
		GatewayHostMismatch,
		GatewayProtocolMismatch,
		GatewayServerConflict,
		HiddenFromGateway,
		HostClaimedTwice,
		MixedRouteAPIs,
		NoDefaultRoute,
		NoDefaultVersion,
		PartlyQualifiedHost,
		PolicyNeverApplied,
		RedundantGatewayHosts,
		SecondTrafficPolicy,
		ServiceEntryConflict,
		SeveralCatchAlls,
		ShadowedRoute,
		UndefinedMirrorSubset,
		UndefinedSubset,
		UnknownGateway,
		UnknownHost,
		UnknownPort,
		UnmergedFragments,
		UnreachableDestinationRule,
		ZeroWeights,
	}
}

//go:embed doc/*.md
var pages embed.FS

// Page returns the page of a rule: what it finds, why that is a fault and how to
// mend it, in Markdown. It reports false where there is no rule of that name.
func Page(name string) (string, bool) {
	page, err := pages.ReadFile("doc/" + name + ".md")
	_, text, _ := strings.Cut(string(page), "-->\n\n") // behind the note on where it is from
	return text, err == nil
}
