package check

import (
	"fmt"
	"io"
	"strings"
)

// most is how many findings of a check are printed.
const most = 20

// Text writes results for people: what is wrong and what could not be looked at, in two
// lines each, then one line that sums it up.
func Text(w io.Writer, results []Result, inColor bool) error {
	in := paint(inColor)
	var b strings.Builder
	for _, r := range results {
		for _, f := range r.Findings[:min(len(r.Findings), most)] {
			fmt.Fprintf(&b, "%s %s\n", in.severity(f.Severity), in.strong(oneLine(fmt.Sprintf("%s: %s: %s", r.Check, f.Object, f.Problem))))
			fmt.Fprintf(&b, "  %s  %s\n", in.code("2", "fix"), f.Fix)
		}
		if more := len(r.Findings) - most; more > 0 {
			fmt.Fprintf(&b, "%s: +%d more; meshward check -o json has them all\n", r.Check, more)
		}
	}
	for _, line := range together(results, func(r Result) []string { return r.Unseen }) {
		b.WriteString(in.code("1;35", "could not look:") + " " + line + "\n")
	}
	for _, line := range together(results, func(r Result) []string { return r.Notes }) {
		b.WriteString(in.code("1;36", "note:") + " " + line + "\n")
	}
	b.WriteString(summary(results) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// together returns a line for each text, with the checks that say it.
func together(results []Result, of func(Result) []string) []string {
	var texts []string
	by := map[string][]string{}
	for _, r := range results {
		for _, text := range of(r) {
			if by[text] == nil {
				texts = append(texts, text)
			}
			by[text] = append(by[text], r.Check)
		}
	}
	for i, text := range texts {
		texts[i] = oneLine(strings.Join(by[text], ", ") + ": " + text)
	}
	return texts
}

func summary(results []Result) string {
	counts := map[Severity]int{}
	unseen := 0
	for _, r := range results {
		for _, f := range r.Findings {
			counts[f.Severity]++
		}
		if len(r.Unseen) > 0 {
			unseen++
		}
	}
	text := fmt.Sprintf("%s: %s, %s", plural(len(results), "check"), plural(counts[Error], "error"), plural(counts[Warning], "warning"))
	if unseen > 0 {
		text += fmt.Sprintf("; %d could not look at everything", unseen)
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// paint uses the escape sequences that every terminal understands, or none.
type paint bool

func (p paint) severity(s Severity) string {
	if s == Error {
		return p.code("1;31", string(s)+":")
	}
	return p.code("1;33", string(s)+":")
}

func (p paint) strong(text string) string { return p.code("1", text) }

func (p paint) code(code, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
