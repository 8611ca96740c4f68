package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// The parts of SARIF 2.1.0 that a report needs. GitHub's code scanning reads a
// part of the standard, and refuses a result without a location in a file.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifMessage       `json:"shortDescription"`
		FullDescription      sarifMessage       `json:"fullDescription"`
		Help                 sarifMessage       `json:"help"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
		Properties           sarifProperties    `json:"properties"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags []string `json:"tags"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifResult struct {
		RuleID           string            `json:"ruleId"`
		RuleIndex        int               `json:"ruleIndex"`
		Level            string            `json:"level"`
		Message          sarifMessage      `json:"message"`
		Locations        []sarifLocation   `json:"locations"`
		RelatedLocations []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints     map[string]string `json:"partialFingerprints"`
	}
	sarifMessage struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Message  *sarifMessage  `json:"message,omitempty"`
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name               string `json:"name"`
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
)

// SARIF writes a report as SARIF 2.1.0, for code scanning.
func SARIF(w io.Writer, r Report) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name:           "meshward",
			Version:        r.Version,
			InformationURI: "https://github.com/meshward/meshward",
			Rules:          []sarifRule{},
		}},
		Invocations: []sarifInvocation{invocationOf(&r)},
		Results:     []sarifResult{},
	}
	index := map[string]int{}
	for i, described := range r.Rules {
		index[described.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, describe(described))
	}
	alike := map[rule.Identity]int{}
	for _, f := range r.Findings {
		at, ok := nearest(&r, f)
		if !ok {
			run.Invocations[0].note(level(f.Severity), "in no file: "+rule.OneLine(f.Title()), place{})
			continue
		}
		alike[f.Identity()]++
		result := resultOf(&r, f, at)
		result.RuleIndex = index[f.Rule.Name]
		result.Fingerprints = fingerprints(f, alike[f.Identity()])
		run.Results = append(run.Results, result)
	}
	return writeJSON(w, sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

func describe(r *rule.Rule) sarifRule {
	help := "## What happens\n\n" + r.Doc.Why + "\n\n## What to do\n\n" + r.Doc.Fix
	tags := append([]string{"istio"}, r.Doc.See...)
	return sarifRule{
		ID:                   r.Name,
		ShortDescription:     sarifMessage{Text: r.Doc.Title},
		FullDescription:      sarifMessage{Text: r.Doc.Title + "."},
		Help:                 sarifMessage{Text: help, Markdown: help},
		DefaultConfiguration: sarifConfiguration{Level: level(r.Severity)},
		Properties:           sarifProperties{Tags: tags},
	}
}

func level(s rule.Severity) string {
	if s == rule.Info {
		return "note"
	}
	return string(s)
}

// invocationOf tells what was left out, and what could not be read.
func invocationOf(r *Report) sarifInvocation {
	invocation := sarifInvocation{Successful: len(r.Unread) == 0, Notifications: []sarifNotification{}}
	for _, problem := range r.Unread {
		invocation.note("error", problem, place{})
	}
	for _, s := range r.Skipped {
		invocation.note("note", "skipped: "+rule.OneLine(s.Reason), place{file: s.File, line: s.Line})
	}
	return invocation
}

// note adds something that is no result, at a file if it is about one.
func (i *sarifInvocation) note(level, text string, at place) {
	n := sarifNotification{Level: level, Message: sarifMessage{Text: text}}
	if at.file != "" {
		n.Locations = []sarifLocation{{Physical: physical(at)}}
	}
	i.Notifications = append(i.Notifications, n)
}

func resultOf(r *Report, f rule.Finding, at place) sarifResult {
	result := sarifResult{RuleID: f.Rule.Name, Level: level(f.Severity), Locations: []sarifLocation{{
		Physical: physical(at),
		Logical: []sarifLogical{{
			Name:               f.Object.Name,
			FullyQualifiedName: f.Object.String(),
			Kind:               "resource",
		}},
	}}}
	lines := []string{paragraph(f)}
	for _, related := range f.Related {
		there, ok := r.place(related.Object, related.Path)
		if !ok {
			continue
		}
		id := len(result.RelatedLocations) + 1
		name := rule.OneLine(related.Object.String())
		result.RelatedLocations = append(result.RelatedLocations, sarifLocation{
			ID:       id,
			Message:  &sarifMessage{Text: name},
			Physical: physical(there),
		})
		// A viewer shows a related place only where the text links to it.
		lines = append(lines, fmt.Sprintf("see: [%s](%d)", brackets.Replace(name), id))
	}
	result.Message = sarifMessage{Text: strings.Join(lines, "\n")}
	return result
}

var brackets = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)

// nearest is where a finding is shown: at its field; for an object that is in no
// file at the first related object that is; else at the start of what was judged,
// since some of that brought the finding in. It reports false where nothing is in
// a file: one result that is nowhere, and GitHub refuses all the others too.
func nearest(r *Report, f rule.Finding) (place, bool) {
	if at, ok := r.place(f.Object, f.Path); ok {
		return at, true
	}
	for _, related := range f.Related {
		if at, ok := r.place(related.Object, related.Path); ok {
			return at, true
		}
	}
	for _, object := range r.Objects {
		if at, ok := r.place(object, ""); ok {
			return at, true
		}
	}
	return place{}, false
}

// physical leaves the line out for something that has none, such as a folder.
func physical(at place) sarifPhysical {
	p := sarifPhysical{Artifact: sarifArtifact{URI: uri(at.file)}}
	if at.line > 0 {
		p.Region = &sarifRegion{StartLine: at.line}
	}
	return p
}

// uri is the reference to a file: relative for one that was named so.
func uri(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
		u.Path = "/" + strings.TrimPrefix(u.Path, "/")
	}
	return u.String()
}

// fingerprints tell a finding from all others by what stays the same of it while
// its file is edited, and the nth of its kind from the others. GitHub looks at
// this one name only, under which its own action would put a hash of the line.
func fingerprints(f rule.Finding, nth int) map[string]string {
	id := f.Identity()
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", id.Rule, id.Object.String(), id.About))
	return map[string]string{"primaryLocationLineHash": fmt.Sprintf("%s:%d", hex.EncodeToString(sum[:8]), nth)}
}
