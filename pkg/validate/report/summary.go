package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// summary ends a report that people read: what was skipped, by reason, and one
// line that counts everything. Each line is free of control characters.
func summary(r *Report) []string {
	reasons := map[string]int{}
	for _, s := range r.Skipped {
		reasons[s.Reason]++
	}
	var lines []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		lines = append(lines, rule.OneLine(fmt.Sprintf("skipped %d: %s", reasons[reason], reason)))
	}
	counts := map[rule.Severity]int{}
	for _, f := range r.Findings {
		counts[f.Severity]++
	}
	return append(lines, fmt.Sprintf("%s judged, %d skipped: %s, %s, %d info",
		plural(len(r.Objects), "object"), len(r.Skipped),
		plural(counts[rule.Error], "error"), plural(counts[rule.Warning], "warning"), counts[rule.Info]))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
