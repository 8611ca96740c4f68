// Package analyzers asks Istio's own analyzers, those of "istioctl analyze", about a
// world, and says which of meshward's rules each of their messages stands for.
//
// It knows Istio's code and worlds, and of meshward the names of its rules. What is true
// it takes from package judge.
package analyzers

import (
	"cmp"
	"fmt"
	"slices"

	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/analysis"
	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/diag"

	"github.com/meshward/meshward/test/oracle/world"
)

// Message is one message of an analyzer that stands for one of meshward's rules.
type Message struct {
	Code, Level, Text string
	// Rules are the names of the rules that it stands for, the closest one first: it
	// tells of each of them, and is wrong where none of them has anything there.
	Rules []string
	// At is the object that it is reported at, and With what else it names as part of
	// the same conflict.
	At   world.Ref
	With []world.Ref
	// Destination is true where it says that a destination leads nowhere.
	Destination bool
	// Sure is true for what claims that something is wrong, as all of Istio's do.
	Sure bool
}

// Compare orders messages by code, object and text.
func (m Message) Compare(o Message) int {
	return cmp.Or(cmp.Compare(m.Code, o.Code), m.At.Compare(o.At), cmp.Compare(m.Text, o.Text))
}

// all are Istio's analyzers; they hold nothing between two worlds.
var all = analyzers.All()

// Messages are what Istio's analyzers say of a world that stands for any of meshward's
// rules, in order. It returns an error where an analyzer did not come to its end.
func Messages(w *world.World) (messages []Message, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("an analyzer panicked: %v", reason)
		}
	}()
	c := newContext(w)
	for _, a := range all {
		if c.knows(a.Metadata().Inputs) {
			a.Analyze(c)
		}
	}
	for _, m := range c.reported {
		if message, stands := translated(w, m); stands {
			messages = append(messages, message)
		}
	}
	slices.SortFunc(messages, Message.Compare)
	return messages, nil
}

var _ analysis.Context = (*context)(nil)

// knows reports whether a world holds any object of the kinds that an analyzer reads:
// the others would find nothing to look at.
func (c *context) knows(inputs []config.GroupVersionKind) bool {
	return slices.ContainsFunc(inputs, func(kind config.GroupVersionKind) bool { return len(c.objects[kind]) > 0 })
}

// refOf is the object of a message.
func refOf(m diag.Message) world.Ref {
	name := m.Resource.Metadata.FullName
	return world.Ref{Kind: m.Resource.Metadata.Schema.Kind(), Namespace: string(name.Namespace), Name: string(name.Name)}
}
