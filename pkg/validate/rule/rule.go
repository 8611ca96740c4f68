// Package rule is the contract of a rule: what a rule is, what it is shown and
// what it may answer.
//
// It knows the mesh and nothing else. It must not know which rules there are,
// who asks (admission, audit, command line) or how an answer is printed.
package rule

import (
	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Severity says how bad a finding is for the traffic that it is about.
type Severity string

// The severities. An error is provable from stored configuration alone, for a
// named viewpoint; what depends on anything else is a warning or information.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// AtLeast reports whether a severity is as bad as another, or worse.
func (s Severity) AtLeast(o Severity) bool { return s.rank() >= o.rank() }

func (s Severity) rank() int {
	switch s {
	case Error:
		return 3
	case Warning:
		return 2
	case Info:
		return 1
	default:
		return 0
	}
}

// Rule is one defect that a mesh can have, and how to find it.
type Rule struct {
	// Name is the slug from which file, cases, page and messages take theirs.
	Name string
	Doc  Doc
	// Severity is that of its findings unless a finding says otherwise.
	Severity Severity
	// On is the subject whose keys the rule is run at, one by one.
	On mesh.Subject
	// Also is a second subject whose keys it is run at, for a defect that has two
	// places where its parties meet; empty for none.
	//exhaustruct:optional
	Also mesh.Subject
	// Run judges one key. THE LAW: what it reports depends only on what the
	// mesh says at that key, so that running it at the keys a change touches is
	// the same as running it at all of them.
	Run func(*Pass)
	// OfWeights is true where weights themselves are the defect, so that a change of
	// weights alone is judged by the rule like any other.
	//exhaustruct:optional
	OfWeights bool
}

// At reports whether the rule is run at the keys of a subject.
func (r *Rule) At(s mesh.Subject) bool { return s == r.On || s != "" && s == r.Also }

// Doc is a rule's documentation as data: its page and "meshward explain" are
// made of it and of the rule's cases. All texts are Markdown.
type Doc struct {
	Title string // the defect in one sentence, without the full stop
	Why   string // what happens to traffic, and why istiod does that
	Fix   string // what to do, for each way to get here
	See   []string
}

// Pass is one run of a rule at one key. It is of use until the run ends.
type Pass struct {
	Rule *Rule
	Key  mesh.Key
	Mesh *mesh.View

	report func(Finding)
	ended  func() error
}

// NewPass prepares a run that hands each finding to report. What it finds is of no
// use once ended returns an error.
func NewPass(r *Rule, key mesh.Key, view *mesh.View, report func(Finding), ended func() error) *Pass {
	return &Pass{Rule: r, Key: key, Mesh: view, report: report, ended: ended}
}

// Ended reports whether nobody waits for the run any more. A rule that compares much
// asks now and then, and returns.
func (p *Pass) Ended() bool { return p.ended() != nil }

// Report hands over a finding, with the rule and its severity filled in.
func (p *Pass) Report(f Finding) {
	f.Rule = p.Rule
	if f.Severity == "" {
		f.Severity = p.Rule.Severity
	}
	p.report(f)
}
