package workload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// A chunk is one document of a stream, as it stands there. The texts and ends of
// all chunks in a row are the stream.
type chunk struct {
	line int    // of text's first line, from 1
	text []byte // with all comments and blanks around the document
	end  []byte // the line of dashes behind it, or nothing where the stream has none
}

// split cuts a stream where kubectl and istioctl cut it: at lines of three dashes
// with at most a comment behind them, the first of which may open a document.
// It also cuts where YAML knows another document to begin and they do not: behind
// a line of three dots, at dashes with content behind them, and between the
// objects of a JSON stream.
func split(stream []byte) []chunk {
	var chunks []chunk
	current := chunk{line: 1}
	number, ended := 0, false
	cut := func(next int) {
		chunks = append(chunks, current)
		current, ended = chunk{line: next}, false
	}
	for line := range bytes.Lines(stream) {
		number++
		switch {
		case isSeparator(line) && len(current.text) > 0:
			current.end = line
			cut(number + 1)
			continue
		case len(current.text) > 0 && (opens(line) || ended && hasContent(line)):
			cut(number)
		case isMarker(line, "..."):
			ended = true
		}
		current.text = append(current.text, line...)
	}
	if len(current.text) > 0 {
		chunks = append(chunks, current)
	}
	return splitJSON(chunks)
}

// splitJSON cuts chunks that hold several JSON objects and nothing else.
func splitJSON(chunks []chunk) []chunk {
	var all []chunk
	for _, c := range chunks {
		start := 0
		for _, end := range objects(c.text) {
			line := c.line + bytes.Count(c.text[:start], []byte("\n"))
			all = append(all, chunk{line: line, text: c.text[start:end]})
			start = end
		}
		if start > 0 {
			all[len(all)-1].end = c.end
			continue
		}
		all = append(all, c)
	}
	return all
}

// objects returns where each of several JSON objects ends, with the rest of its
// line if that is blank, or nil if text is anything else.
func objects(text []byte) []int {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil
	}
	var ends []int
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var object json.RawMessage
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil
		}
		end := int(decoder.InputOffset())
		if line, _, found := bytes.Cut(text[end:], []byte("\n")); found && len(bytes.TrimSpace(line)) == 0 {
			end += len(line) + 1
		}
		ends = append(ends, end)
	}
	ends[len(ends)-1] = len(text)
	return ends
}

// isSeparator reports whether a line ends a document and says no more.
func isSeparator(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("---"))
	return found && !hasContent(rest)
}

// opens reports whether a line begins a document and its content.
func opens(line []byte) bool {
	return isMarker(line, "---") && hasContent(line[3:])
}

// isMarker reports whether YAML takes a line for this marker: it has to stand
// alone.
func isMarker(line []byte, marker string) bool {
	rest, found := bytes.CutPrefix(line, []byte(marker))
	return found && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n"))
}

// hasContent reports whether there is more in a line than blanks, a comment or
// the marker behind a document.
func hasContent(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("..."))
}

// isEmpty reports whether a chunk holds nothing but comments, markers, and
// directives such as %YAML.
func (c chunk) isEmpty() bool {
	for line := range bytes.Lines(c.text) {
		if hasContent(line) && line[0] != '%' && !isSeparator(line) {
			return false
		}
	}
	return true
}

// start is the line of the document's first content.
func (c chunk) start() int {
	number := c.line
	for line := range bytes.Lines(c.text) {
		if hasContent(line) && !isSeparator(line) {
			return number
		}
		number++
	}
	return c.line
}

// join writes chunks one behind the other, and a line of dashes behind each that
// has none, as istioctl does.
func join(chunks []chunk) []byte {
	var out []byte
	for i, c := range chunks {
		out = endLine(append(out, c.text...))
		switch {
		case len(c.end) > 0:
			out = endLine(append(out, c.end...))
		case i+1 == len(chunks):
			out = append(out, "---\n"...)
		case bytes.HasPrefix(chunks[i+1].text, []byte("%")):
			// Dashes would make content of the directive.
			out = append(bytes.TrimSuffix(out, []byte("...\n")), "...\n"...)
		case !isMarker(chunks[i+1].text, "---"):
			out = append(out, "---\n"...)
		}
	}
	return out
}

func endLine(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return append(text, '\n')
	}
	return text
}
