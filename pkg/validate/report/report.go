// Package report prints findings: as text for people, and in the formats that
// programs and build servers read.
//
// It knows rules, findings and the objects that they are about. It must not know
// how they were found.
package report

import (
	"io"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Report is what a run over files has to say.
type Report struct {
	// Version is that of the program that judged.
	Version string
	// Rules are the rules that were run.
	Rules []*rule.Rule
	// Objects are the objects that were judged.
	Objects []*mesh.Object
	Skipped []Skipped
	// Unread says of each input that could not be read what is wrong with it.
	Unread []string
	// Findings may be about objects that were not judged themselves.
	Findings []rule.Finding
	// FailOn is the mildest severity that fails the run; empty if none does.
	FailOn rule.Severity
	// Line returns the line of an object's field in its file, from 1, or 0 for an
	// object that is in no file.
	Line func(object *mesh.Object, path string) int
}

// Skipped is a document that was not looked at.
type Skipped struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // of the document's first line, from 1
	Reason string `json:"reason"`
}

// Printer writes a report in one format. It returns the writer's error.
type Printer func(io.Writer, Report) error

// Formats are the printers by the names that the command line has for them.
var Formats = map[string]Printer{
	"text":   Text,
	"json":   JSON,
	"sarif":  SARIF,
	"github": GitHub,
	"junit":  JUnit,
}

// Fails reports whether a finding fails the run.
func (r *Report) Fails(f rule.Finding) bool {
	return r.FailOn != "" && f.Severity.AtLeast(r.FailOn)
}

// place is where something stands in a file.
type place struct {
	file string
	line int // from 1
}

// place returns where a field of an object stands. It reports false for an
// object that is in no file.
func (r *Report) place(object *mesh.Object, path string) (place, bool) {
	line := r.Line(object, path)
	return place{file: object.Source.File, line: line}, line > 0
}
