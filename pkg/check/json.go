package check

import (
	"encoding/json"
	"io"
)

// JSON writes results for programs: every check, with what it found, what it could not look
// at and what there was no need to look at.
func JSON(w io.Writer, results []Result) error {
	complete := make([]Result, 0, len(results))
	for _, r := range results {
		// A list that is empty is [], and not null.
		r.Findings = append([]Finding{}, r.Findings...)
		r.Unseen = append([]string{}, r.Unseen...)
		r.Notes = append([]string{}, r.Notes...)
		complete = append(complete, r)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Checks []Result `json:"checks"`
	}{complete})
}
