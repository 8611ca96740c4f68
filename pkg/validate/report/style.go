package report

import "github.com/meshward/meshward/pkg/validate/rule"

// style is how a text makes some of its parts stand out.
type style interface {
	severity(s rule.Severity) string
	strong(text string) string
	faint(text string) string
}

// plain leaves every text as it is.
type plain struct{}

func (plain) severity(s rule.Severity) string { return string(s) + ":" }
func (plain) strong(text string) string       { return text }
func (plain) faint(text string) string        { return text }

// colors uses the escape sequences that every terminal understands: the first
// eight colours, which people choose themselves, bold and faint.
type colors struct{}

func (colors) severity(s rule.Severity) string {
	code := "1;36" // cyan
	switch s {
	case rule.Error:
		code = "1;31" // red
	case rule.Warning:
		code = "1;33" // yellow
	case rule.Info:
	}
	return paint(code, string(s)+":")
}

func (colors) strong(text string) string { return paint("1", text) }
func (colors) faint(text string) string  { return paint("2", text) }

func paint(code, text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }
