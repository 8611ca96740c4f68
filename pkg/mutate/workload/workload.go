// Package workload finds the pods that stand in manifests, in workloads of any
// kind and in lists of them, and has them injected there. Everything else comes
// out as it went in.
//
// What comes out is what "istioctl kube-inject" writes, to the byte, wherever that
// loses nothing. It must not know how a pod is injected.
package workload

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/mutate"
)

// Inject adds a sidecar to the pod of a workload. It may change the pod that it is
// given, which is its own. Where it returns none, the workload is left alone, and
// the warnings say why.
//
// The pod has the metadata of the workload's template, so its namespace is the
// template's own and as a rule empty. That of the workload may be empty as well:
// then only whoever applies the file knows it.
type Inject func(pod *corev1.Pod, of mutate.Workload) (injected *corev1.Pod, warnings []string, err error)

// Into has the workloads of a stream of YAML or JSON documents injected and
// returns the stream with them, and what became of each. A document of which
// nothing was injected comes out byte for byte.
//
// The error holds one line for each document that could not be read or injected,
// with file and line. There is no stream then, since half of one may not be
// applied.
func Into(file string, stream []byte, inject Inject) ([]byte, []Outcome, error) {
	r := run{file: printable(file), inject: inject}
	if !utf8.Valid(stream) {
		return nil, nil, fmt.Errorf("%s:%d: not UTF-8", r.file, invalidLine(stream))
	}
	chunks := split(stream)
	var problems []error
	for i, c := range chunks {
		out, err := r.document(c)
		if err != nil {
			problems = append(problems, err)
		}
		if out != nil {
			chunks[i].text = out
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, r.outcomes, err
	}
	return join(chunks), r.outcomes, nil
}

// invalidLine is the first line that is not UTF-8.
func invalidLine(stream []byte) int {
	number := 0
	for line := range bytes.Lines(stream) {
		number++
		if !utf8.Valid(line) {
			break
		}
	}
	return number
}

// run is one stream on its way through.
type run struct {
	file     string
	inject   Inject
	outcomes []Outcome
}

// document returns what replaces a document, or nil where it stays.
func (r *run) document(c chunk) ([]byte, error) {
	if c.isEmpty() {
		return nil, nil
	}
	raw, err := yaml.YAMLToJSON(c.text)
	if err != nil {
		return nil, r.unreadable(c, err)
	}
	d := &document{run: r, chunk: c}
	if err := d.parse(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", r.file, c.start(), err)
	}
	out, err := d.object(c.text, raw, nil)
	if out == nil || err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(out)
}

var yamlLine = regexp.MustCompile(`(?:yaml: )?(?:unmarshal errors:\s+)?line (\d+): `)

// unreadable turns a parser's error, which counts lines from the start of the
// document, into one that counts from the start of the file.
func (r *run) unreadable(c chunk, err error) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	line := c.line
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		offset, _ := strconv.Atoi(found[1])
		line += offset - 1
		text = strings.Replace(text, found[0], "", 1)
	}
	return fmt.Errorf("%s:%d: not YAML: %s", r.file, line, printable(strings.TrimPrefix(text, "yaml: ")))
}
