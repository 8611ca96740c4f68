package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// GitHub writes a report as commands to the runner of GitHub Actions, which
// shows each finding at its line of a pull request. What was skipped, and the
// sum, stay in the log: GitHub shows only ten annotations of a step for each level.
func GitHub(w io.Writer, r Report) error {
	var b strings.Builder
	for _, problem := range r.Unread {
		fmt.Fprintf(&b, "::error title=unreadable::%s\n", escapeData(problem))
	}
	for _, f := range r.Findings {
		properties := "title=" + escapeProperty(f.Rule.Name)
		if at, ok := r.place(f.Object, f.Path); ok {
			properties = fmt.Sprintf("file=%s,line=%d,%s", escapeProperty(filepath.ToSlash(at.file)), at.line, properties)
		}
		fmt.Fprintf(&b, "::%s %s::%s\n", annotation(f.Severity), properties, escapeData(paragraph(f)))
	}
	for _, line := range summary(&r) {
		b.WriteString(unlike(line) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func annotation(s rule.Severity) string {
	if s == rule.Info {
		return "notice"
	}
	return string(s)
}

// paragraph is a finding without the name of its rule, which stands beside it.
func paragraph(f rule.Finding) string {
	lines := []string{rule.OneLine(f.Message)}
	for _, line := range f.Lines(f.Fix) {
		lines = append(lines, line.Label+": "+line.Text)
	}
	return strings.Join(lines, "\n")
}

// What a command cannot hold literally; a comma or a colon would end a property.
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func escapeData(text string) string     { return data.Replace(text) }
func escapeProperty(text string) string { return property.Replace(text) }

// unlike keeps a line of the log from being taken for a command in the older
// form, which the runner looks for anywhere in a line: the kinds of skipped
// documents are as a user wrote them.
func unlike(line string) string { return strings.ReplaceAll(line, "##[", "## [") }
