package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// Text writes a report for people: a block for each finding, then what was
// skipped, then one line that sums it up.
func Text(w io.Writer, r Report) error { return writeText(w, &r, plain{}) }

// ColorText is Text for a terminal that knows colours.
func ColorText(w io.Writer, r Report) error { return writeText(w, &r, colors{}) }

func writeText(w io.Writer, r *Report, in style) error {
	var b strings.Builder
	for _, f := range r.Findings {
		if at, ok := r.place(f.Object, f.Path); ok {
			b.WriteString(in.strong(rule.OneLine(fmt.Sprintf("%s:%d:", at.file, at.line))) + " ")
		}
		b.WriteString(in.severity(f.Severity) + " " + in.strong(rule.OneLine(f.Title())) + "\n")
		for _, line := range f.Lines(f.Fix) {
			fmt.Fprintf(&b, "  %s  %s\n", in.faint(fmt.Sprintf("%-6s", line.Label)), line.Text)
		}
		b.WriteString("\n")
	}
	for _, line := range summary(r) {
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
