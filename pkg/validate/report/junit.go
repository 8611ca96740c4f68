package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	junitCounts
	Suite junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Cases []junitCase `xml:"testcase"`
}

type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Failure *junitOutcome `xml:"failure"`
	Error   *junitOutcome `xml:"error"`
	Skipped *junitOutcome `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a report as the results of tests, for build servers that show
// these. A test case is an object: its name stays the same from run to run, which
// is how the servers tell new failures from old ones, and a good mesh has results
// too, without which Jenkins fails a build. A case fails where one of its findings
// fails the run; milder ones are its output. There is one failure to a case,
// because GitLab runs several into one line. A document that was not looked at is
// a skipped case, input that cannot be read an error.
func JUnit(w io.Writer, r Report) error {
	suite := junitSuite{Name: "meshward"}
	found := map[*mesh.Object][]rule.Finding{}
	for _, f := range r.Findings {
		found[f.Object] = append(found[f.Object], f)
	}
	for _, object := range involved(&r) {
		suite.add(caseOf(&r, object, found[object]))
	}
	for _, s := range r.Skipped {
		suite.add(junitCase{
			Class:   "meshward.skipped",
			Name:    rule.OneLine(fmt.Sprintf("%s:%d", filepath.ToSlash(s.File), s.Line)),
			File:    filepath.ToSlash(s.File),
			Skipped: &junitOutcome{Message: rule.OneLine(s.Reason)},
		})
	}
	for _, problem := range r.Unread {
		suite.add(junitCase{
			Class: "meshward.unreadable",
			Name:  rule.OneLine(problem),
			Error: &junitOutcome{Type: "unreadable", Message: rule.OneLine(problem), Text: problem},
		})
	}
	out, err := xml.MarshalIndent(junitSuites{junitCounts: suite.junitCounts, Suite: suite}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// involved returns the objects that were judged, and those that were not but have
// findings, each once and in order.
func involved(r *Report) []*mesh.Object {
	objects := slices.Clone(r.Objects)
	for _, f := range r.Findings {
		objects = append(objects, f.Object)
	}
	slices.SortStableFunc(objects, func(a, b *mesh.Object) int {
		return cmp.Or(a.Ref.Compare(b.Ref), cmp.Compare(a.Source.File, b.Source.File))
	})
	return slices.Compact(objects)
}

func caseOf(r *Report, object *mesh.Object, found []rule.Finding) junitCase {
	c := junitCase{
		Class: "meshward." + string(object.Kind),
		Name:  rule.OneLine(object.Namespace + "/" + object.Name),
		File:  filepath.ToSlash(object.Source.File),
	}
	var failing []rule.Finding
	var failures, rest []string
	for _, f := range found {
		if !r.Fails(f) {
			rest = append(rest, block(r, f))
			continue
		}
		failing = append(failing, f)
		failures = append(failures, block(r, f))
	}
	if len(failing) > 0 {
		c.Failure = &junitOutcome{
			Type:    failing[0].Rule.Name,
			Message: rule.OneLine(failing[0].Title()) + more(len(failing)-1),
			Text:    strings.Join(failures, "\n\n"),
		}
	}
	c.Out = strings.Join(rest, "\n\n")
	return c
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (+%d more)", n)
}

// block is a finding as the text format has it.
func block(r *Report, f rule.Finding) string {
	text := fmt.Sprintf("%s: %s", f.Severity, f.Block(f.Fix))
	if at, ok := r.place(f.Object, f.Path); ok {
		text = rule.OneLine(fmt.Sprintf("%s:%d: ", at.file, at.line)) + text
	}
	return text
}
