package workload

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// An Outcome says what became of one workload.
type Outcome struct {
	File            string
	Line            int // from 1
	Kind            string
	Namespace, Name string // as the file gives them
	Injected        bool
	// Warnings are a line each. Of a workload that was left alone they say why.
	Warnings []string
}

// Subject is the workload in words, behind the place where it stands.
func (o Outcome) Subject() string {
	return fmt.Sprintf("%s:%d %s", o.File, o.Line, label(o.Kind, o.Namespace, o.Name))
}

// String is the outcome in one line.
func (o Outcome) String() string {
	text := o.Subject() + ": left alone"
	if o.Injected {
		text = o.Subject() + ": injected"
	}
	if len(o.Warnings) > 0 {
		text += ": " + strings.Join(o.Warnings, "; ")
	}
	return text
}

func label(kind, namespace, name string) string {
	if namespace != "" {
		name = namespace + "/" + name
	}
	return printable(strings.TrimSpace(kind + " " + name))
}

// printable keeps whoever wrote a manifest from writing to a terminal, or a second
// line to a report of one line each.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// named returns the namespace and name of an object, or its generateName with a
// star behind it.
func named(raw []byte) (namespace, name string) {
	var object struct {
		Metadata struct {
			Namespace    string `json:"namespace"`
			Name         string `json:"name"`
			GenerateName string `json:"generateName"`
		} `json:"metadata"`
	}
	// What cannot be read has no name.
	_ = json.Unmarshal(raw, &object)
	name = object.Metadata.Name
	if name == "" && object.Metadata.GenerateName != "" {
		name = object.Metadata.GenerateName + "*"
	}
	return object.Metadata.Namespace, name
}
