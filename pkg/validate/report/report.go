// Package report prints findings: as text for people, as JSON for programs.
//
// It knows rules and findings. It must not know how they were found.
package report

import (
	"io"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// Report is what a run over files has to say.
type Report struct {
	// Objects is the number of objects that were judged.
	Objects  int
	Skipped  []Skipped
	Findings []rule.Finding
	// Line returns the line of a finding's field in its file, from 1, or 0.
	Line func(rule.Finding) int
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
	"text": Text,
	"json": JSON,
}
