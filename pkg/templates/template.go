// Package templates knows how a sidecar is written down: a Go template that
// renders, for one pod, a fragment of Kubernetes YAML with what that pod is to
// gain. It reads the configuration that Istio's injector reads, compiles the
// templates in it, gives them their data and their functions, and hands the
// rendered fragment back in pieces that can be added to a pod.
//
// It must not know who is injected, nor how the pieces get into a pod; nothing
// here reads the environment, a file or the network.
package templates

import (
	"bytes"
	"fmt"
	"sync"
	"text/template"
)

// A Template is a compiled injection template. It may be used by several
// goroutines at once.
type Template struct {
	text   *template.Template
	memory *memory
	// writes tells that the template calls a function that changes a dictionary,
	// so that it is not shown the one that all pods share.
	writes bool
}

// Parse compiles text, a template of a pod fragment in YAML: what Kubernetes
// calls a strategic merge patch. The name only shows in errors. A key of a map
// that is missing is an error, never "<no value>" in a pod.
//
// It fails where text is not a Go template or calls an unknown function. What
// the template makes of a pod is known only once it is rendered, which is why
// whoever takes a template into service renders a sample first.
func Parse(name, text string) (*Template, error) {
	return compile(name, text, "missingkey=error")
}

// compile does what Parse does, with a text/template option for missing keys.
func compile(name, text, missing string) (*Template, error) {
	parsed, err := template.New(name).Option(missing).Funcs(functions()).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the injection template: %w", err)
	}
	return &Template{text: parsed, memory: newMemory(), writes: writes(parsed)}, nil
}

// Name returns the name that the template was compiled under.
func (t *Template) Name() string { return t.text.Name() }

// Render executes the template with data and returns what it adds to the pod.
// The overlay shares with later calls what their texts have in common: it must not
// be changed.
//
// It fails where the template cannot be executed with this data, and where the
// result is not the YAML of a pod fragment.
func (t *Template) Render(data *Data) (*Overlay, error) {
	if t.writes {
		own := *data
		own.Values, _ = cloned(data.Values).(map[string]any)
		data = &own
	}
	text := texts.Get().(*bytes.Buffer)
	defer texts.Put(text)
	text.Reset()
	if err := t.text.Execute(text, data); err != nil {
		return nil, fmt.Errorf("cannot render the injection template: %w", err)
	}
	overlay, err := t.memory.overlay(text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("template %s does not render a pod fragment: %w", t.text.Name(), err)
	}
	return overlay, nil
}

// texts holds buffers for rendered templates, each some 6 KB.
var texts = sync.Pool{New: func() any { return new(bytes.Buffer) }}
