package audit

import (
	"fmt"
	"slices"
	"time"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

const (
	// settle is how long an error has to stand before anybody is told. The kinds
	// are watched one by one, so a route may be known a moment before its rule.
	settle = 5 * time.Second
	// betweenEvents bounds how fast Events are written.
	betweenEvents = 50 * time.Millisecond
	// mostNotices bounds how many Events wait, and mostAtStart how many are
	// written of what stood already when the process started.
	mostNotices, mostAtStart = 1000, 100
	// again is how long an Event that could not be written waits.
	again = 30 * time.Second
)

// notice is what is to be told of one object: the new findings of one rule.
type notice struct {
	object mesh.Ref
	rule   string
	due    time.Time
	found  []rule.Finding
}

// message is one line: the first finding, and how many more there are.
func (n *notice) message() string {
	const longest = 1000 // of the kibibyte that an Event's note may have
	first := n.found[0]
	text := fmt.Sprintf("%s (%s)", first.Message, first.Path)
	if first.Effect != "" {
		text += "; " + first.Effect
	}
	text = rule.OneLine(text)
	if len(text) > longest {
		text = string([]rune(text)[:longest/4]) + "…" // a rune has four bytes at most
	}
	if more := len(n.found) - 1; more > 0 {
		text += fmt.Sprintf(" (+%d more)", more)
	}
	return text
}

// notices wait to be told, in the order in which they came.
type notices []*notice

// add makes notices of errors that appeared and returns of how many objects and
// rules it made none, as more than most would wait.
func (n *notices) add(appeared []rule.Finding, now time.Time, most int) (left int) {
	for _, f := range appeared {
		waiting := slices.IndexFunc(*n, func(w *notice) bool { return w.object == f.Object.Ref && w.rule == f.Rule.Name })
		switch {
		case waiting >= 0:
			(*n)[waiting].found = append((*n)[waiting].found, f)
		case len(*n) >= most:
			left++
		default:
			*n = append(*n, &notice{object: f.Object.Ref, rule: f.Rule.Name, due: now.Add(settle), found: []rule.Finding{f}})
		}
	}
	return left
}

// next takes out the first notice that is due and of which anything still stands.
func (n *notices) next(now time.Time, stands func(rule.Identity) bool) *notice {
	*n = slices.DeleteFunc(*n, func(w *notice) bool {
		w.found = slices.DeleteFunc(w.found, func(f rule.Finding) bool { return !stands(f.Identity()) })
		return len(w.found) == 0
	})
	due := slices.IndexFunc(*n, func(w *notice) bool { return !w.due.After(now) })
	if due < 0 {
		return nil
	}
	next := (*n)[due]
	*n = slices.Delete(*n, due, due+1)
	return next
}

// putBack lets a notice that could not be told wait once more.
func (n *notices) putBack(told *notice, now time.Time) {
	told.due = now.Add(again)
	*n = append(*n, told)
}
