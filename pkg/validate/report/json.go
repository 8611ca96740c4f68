package report

import (
	"encoding/json"
	"io"
)

type jsonReport struct {
	Objects  int           `json:"objects"`
	Skipped  []Skipped     `json:"skipped"`
	Findings []jsonFinding `json:"findings"`
}

type jsonFinding struct {
	Rule       string        `json:"rule"`
	Severity   string        `json:"severity"`
	Object     jsonObject    `json:"object"`
	Path       string        `json:"path"`
	Message    string        `json:"message"`
	Viewpoints []string      `json:"viewpoints"`
	Effect     string        `json:"effect"`
	Fix        string        `json:"fix"`
	Related    []jsonRelated `json:"related"`
	Source     *jsonSource   `json:"source,omitempty"`
}

type jsonObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

type jsonRelated struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Path      string `json:"path"`
}

type jsonSource struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// JSON writes a report for programs. Lists are never null, so that a program
// can walk them without asking.
func JSON(w io.Writer, r Report) error {
	out := jsonReport{Objects: len(r.Objects), Skipped: r.Skipped, Findings: []jsonFinding{}}
	if out.Skipped == nil {
		out.Skipped = []Skipped{}
	}
	for _, f := range r.Findings {
		o := f.Object
		finding := jsonFinding{
			Rule:       f.Rule.Name,
			Severity:   string(f.Severity),
			Object:     jsonObject{o.APIVersion, string(o.Kind), o.Namespace, o.Name},
			Path:       f.Path,
			Message:    f.Message,
			Viewpoints: f.Viewpoints.Strings(),
			Effect:     f.Effect,
			Fix:        f.Fix,
			Related:    []jsonRelated{},
		}
		for _, related := range f.Related {
			o := related.Object
			finding.Related = append(finding.Related, jsonRelated{string(o.Kind), o.Namespace, o.Name, related.Path})
		}
		if at, ok := r.place(f.Object, f.Path); ok {
			finding.Source = &jsonSource{File: at.file, Line: at.line}
		}
		out.Findings = append(out.Findings, finding)
	}
	return writeJSON(w, out)
}

// writeJSON indents, as people read reports too, and leaves <stdin> readable.
func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
