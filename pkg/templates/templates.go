// Package templates knows how a sidecar is written down: a Go template that
// renders, for one pod, a fragment of Kubernetes YAML with what that pod is to
// gain. It compiles templates, gives them their data and their functions, and
// hands the rendered fragment back in pieces that can be added to a pod as they
// are.
//
// It must not know who is injected, nor how the pieces get into a pod; nothing
// here reads a clock, the environment, a file or the network, so that the same
// data renders the same bytes on every machine.
package templates

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"
	"text/template"
)

//go:embed sidecar.yaml
var sidecar string

// Sidecar returns the embedded default template: istio-init and istio-proxy in
// the shape that Istio 1.31 gives them.
func Sidecar() *Template { return parsedSidecar() }

var parsedSidecar = sync.OnceValue(func() *Template {
	t, err := Parse("sidecar.yaml", sidecar)
	if err != nil {
		panic(err) // the text is part of this binary
	}
	return t
})

// A Template is a compiled injection template. It may be used by several
// goroutines at once.
type Template struct {
	text   *template.Template
	memory *memory
}

// Parse compiles text, a template of a pod fragment in YAML: metadata.labels,
// metadata.annotations and, under spec, initContainers, containers, volumes and
// imagePullSecrets. The name only shows in errors.
//
// It fails where text is not a Go template or calls an unknown function. What
// the template makes of a pod is known only once it is rendered, which is why
// whoever takes a template into service renders a sample first.
func Parse(name, text string) (*Template, error) {
	// A mistyped key in a template must be an error, never "<no value>" in a pod.
	parsed, err := template.New(name).Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the injection template: %w", err)
	}
	return &Template{text: parsed, memory: newMemory()}, nil
}

// Render executes the template with data and returns what it adds to the pod.
// The overlay is shared with later calls that render the same text: it must not
// be changed.
//
// It fails where the template cannot be executed with this data, and where the
// result is not the YAML of a pod fragment.
func (t *Template) Render(data *Data) (*Overlay, error) {
	text := texts.Get().(*bytes.Buffer)
	defer texts.Put(text)
	text.Reset()
	if err := t.text.Execute(text, data); err != nil {
		return nil, fmt.Errorf("cannot render the injection template: %w", err)
	}
	if known := t.memory.recall(text.Bytes()); known != nil {
		return known, nil
	}
	overlay, err := parseOverlay(text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("template %s does not render a pod fragment: %w", t.text.Name(), err)
	}
	t.memory.keep(text.Bytes(), overlay)
	return overlay, nil
}

// texts holds buffers for rendered templates, each some 6 KB.
var texts = sync.Pool{New: func() any { return new(bytes.Buffer) }}
