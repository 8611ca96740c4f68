package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Finding is one place where a mesh has the defect of a rule.
type Finding struct {
	Rule     *Rule
	Severity Severity
	// Object and Path are the field at fault.
	Object *mesh.Object
	Path   string
	// About is what the finding is about, in words that stay the same while the
	// object around it is edited. With rule and object it is the finding's identity.
	About string
	// Faults name what is wrong, where object and About only say where it shows just
	// now: a change that moves it elsewhere brings in nothing. A finding may stand for
	// several, and is new as far as one of them is. There are none for most rules.
	Faults []string
	// Whole is true where a fault takes in everything of its name: however many
	// findings have that name afterwards, none of them is new.
	Whole bool
	// Workload is what comparing goes by instead of the viewpoints, where it makes no
	// difference which Gateway leads to it.
	Workload string
	// Message is the whole of it in one line, without the rule's name.
	Message string
	// Viewpoints are those for whom it is so.
	Viewpoints mesh.Viewpoints
	// Have is what those viewpoints have instead; may be empty.
	Have string
	// Effect is what happens to traffic.
	Effect string
	// Fix is for whoever writes Object, OtherFix for whoever changes something
	// else that Object depends on.
	Fix, OtherFix string
	Related       []Related
	// RestsOn are the namespaces whose objects decide about the finding, whether
	// they are there or missing: what to read anew before it is held against anyone.
	RestsOn []string
}

// Related is another object that a finding rests on.
type Related struct {
	Object *mesh.Object
	Path   string
}

// Identity tells whether two findings, of before and after a change, are the same.
type Identity struct {
	Rule   string
	Object mesh.Ref
	About  string
}

// Identity returns what stays the same of a finding while its object is edited.
func (f *Finding) Identity() Identity {
	return Identity{Rule: f.Rule.Name, Object: f.Object.Ref, About: f.About}
}

// Identities returns what the findings before and after a change are compared by: one
// for each fault, without the object that has it; its identity where it names none.
func (f *Finding) Identities() []Identity {
	if len(f.Faults) == 0 {
		return []Identity{f.Identity()}
	}
	ids := make([]Identity, 0, len(f.Faults))
	for _, fault := range f.Faults {
		id := Identity{Rule: f.Rule.Name, Object: mesh.Ref{}, About: fault}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// At returns the viewpoints by which the findings before and after a change are
// compared.
func (f *Finding) At() mesh.Viewpoints {
	if f.Workload == "" {
		return f.Viewpoints
	}
	var at mesh.Viewpoints
	at.Set(mesh.Viewpoint{Gateway: f.Workload}, true)
	return at
}

// Compare orders findings by object, path and rule.
func (f *Finding) Compare(o *Finding) int {
	return cmp.Or(
		f.Object.Ref.Compare(o.Object.Ref),
		cmp.Compare(f.Path, o.Path),
		cmp.Compare(f.Rule.Name, o.Rule.Name),
		cmp.Compare(f.About, o.About),
	)
}

// Title is the finding in one line: the rule and the message.
func (f *Finding) Title() string { return f.Rule.Name + ": " + f.Message }

// OneLine puts a space in the place of each control character. What a finding
// says may hold names as a user wrote them, and these must not be able to add a
// line to a denial; a warning that holds a control character is dropped by the
// API server without a word.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// FixFor is the way out for whoever changes the object of that Ref.
func (f *Finding) FixFor(changed mesh.Ref) string {
	if changed == f.Object.Ref || f.OtherFix == "" {
		return f.Fix
	}
	return f.OtherFix
}

// Line is one thing to know about a finding, such as its effect.
type Line struct {
	Label, Text string
}

// Lines are what there is to know about a finding beside its title, in the order
// in which people read it, with fix as the way out. Each text is one line.
func (f *Finding) Lines(fix string) []Line {
	lines := []Line{
		{Label: "where", Text: f.Object.String() + "  " + f.Path},
		{Label: "who", Text: Who(f.Viewpoints)},
		{Label: "have", Text: f.Have},
		{Label: "effect", Text: f.Effect},
		{Label: "fix", Text: fix},
		{Label: "more", Text: "meshward explain " + f.Rule.Name},
	}
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Text == "" })
	for i := range lines {
		lines[i].Text = OneLine(lines[i].Text)
	}
	return lines
}

// Block is the finding as people read it in a terminal: the title, then a line
// for each thing to know, with fix as the way out. It ends without a line break.
func (f *Finding) Block(fix string) string {
	var b strings.Builder
	b.WriteString(OneLine(f.Title()))
	for _, line := range f.Lines(fix) {
		fmt.Fprintf(&b, "\n  %-6s  %s", line.Label, line.Text)
	}
	return b.String()
}
