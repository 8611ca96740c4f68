package templates

import (
	"bytes"
	"strings"
	"sync"
)

// An outline is a rendered text without what pods differ in: the values of environment
// variables, labels and annotations, where one stands on a line of its own and is written
// so that YAML takes it for that very string, whatever else the text says. These values are
// its holes.
type outline struct {
	form []byte // the text, with a mark in the place of each hole
	// values are what is in the holes, end to end; ends says where each one ends.
	values []byte
	ends   []int
}

// hole marks a hole in a form. No YAML has this character.
const hole = 0

var outlines = sync.Pool{New: func() any { return new(outline) }}

// read makes the outline of a text.
func (o *outline) read(text []byte) {
	o.form, o.values, o.ends = o.form[:0], o.values[:0], o.ends[:0]
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line = text[:end+1]
		}
		text = text[len(line):]
		start, end := holeIn(line)
		if start == end {
			o.form = append(o.form, line...)
			continue
		}
		o.form = append(append(append(o.form, line[:start]...), hole), line[end:]...)
		o.values = append(o.values, line[start:end]...)
		o.ends = append(o.ends, len(o.values))
	}
}

// holeIn returns where the hole of a line is, without quotation marks. It is empty where
// the line has none.
func holeIn(line []byte) (start, end int) {
	for start < len(line) && line[start] == ' ' {
		start++
	}
	key := start
	for start < len(line) && isWord(line[start]) && line[start] != ':' {
		start++
	}
	if !mayVary(line[key:start]) || !bytes.HasPrefix(line[start:], []byte(": ")) {
		return 0, 0
	}
	start += len(": ")
	if start < len(line) && line[start] == '"' {
		start++
		return start, quotedEnd(line, start)
	}
	return start, wordEnd(line, start)
}

// mayVary reports whether the values of a key are those of environment variables, or of
// labels and annotations: no field of a pod has a slash.
func mayVary(key []byte) bool {
	return string(key) == "value" || bytes.IndexByte(key, '/') > 0
}

// quotedEnd returns where a text in quotation marks ends that starts at a place of a line,
// if that is the rest of the line and has nothing but characters that stand for themselves.
// There may be a comma after it. Else it returns start.
func quotedEnd(line []byte, start int) int {
	end := start
	for end < len(line) && line[end] >= ' ' && line[end] <= '~' && line[end] != '"' && line[end] != '\\' {
		end++
	}
	switch string(line[end:]) {
	case "\"\n", "\",\n":
		return end
	default:
		return start
	}
}

// wordEnd is quotedEnd for a word that needs no quotation marks: it begins with a letter,
// consists of what means nothing to YAML, and is no other name of true, false or null.
func wordEnd(line []byte, start int) int {
	end := start
	for end < len(line) && isWord(line[end]) {
		end++
	}
	word := line[start:end]
	switch {
	case string(line[end:]) != "\n", len(word) == 0, !isLetter(word[0]), word[len(word)-1] == ':', isReserved(word):
		return start
	default:
		return end
	}
}

// isWord reports whether a character may be in a word. A colon in a word is one of its
// characters: it means something where a blank follows.
func isWord(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || strings.IndexByte("-_./:", c) >= 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isReserved reports whether a word is no string, in any version of YAML.
func isReserved(word []byte) bool {
	switch strings.ToLower(string(word)) {
	case "y", "yes", "true", "on", "n", "no", "false", "off", "null":
		return true
	default:
		return false
	}
}
