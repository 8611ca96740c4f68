package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// Text writes a report for people: a block for each finding, then what was
// skipped, then one line that sums it up.
func Text(w io.Writer, r Report) error {
	var b strings.Builder
	counts := map[rule.Severity]int{}
	for _, f := range r.Findings {
		counts[f.Severity]++
		if line := r.Line(f); line > 0 {
			fmt.Fprintf(&b, "%s:%d: ", f.Object.Source.File, line)
		}
		fmt.Fprintf(&b, "%s: %s\n\n", f.Severity, f.Block(f.Fix))
	}
	reasons := map[string]int{}
	for _, s := range r.Skipped {
		reasons[s.Reason]++
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(&b, "skipped %d: %s\n", reasons[reason], reason)
	}
	fmt.Fprintf(&b, "%s judged, %d skipped: %s, %s, %d info\n",
		plural(r.Objects, "object"), len(r.Skipped),
		plural(counts[rule.Error], "error"), plural(counts[rule.Warning], "warning"), counts[rule.Info])
	_, err := io.WriteString(w, b.String())
	return err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
