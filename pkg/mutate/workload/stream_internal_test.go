package workload

import (
	"bytes"
	"testing"
)

// FuzzSplit cuts anything at all: the pieces in a row are the stream, and each
// knows its line.
func FuzzSplit(f *testing.F) {
	for _, stream := range []string{
		"a: b\n---\nc: d", "---\n---\n", "--- # c\r\na\r\n...\r\nb\r\n", "a\n--- b\n", "{}{}\n\n{}", "{} {", "\ufeff{}\n---\n{}{}---\n",
	} {
		f.Add([]byte(stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var joined []byte
		for _, c := range split(stream) {
			if line := bytes.Count(joined, []byte("\n")) + 1; c.line != line {
				t.Errorf("%q: a document of line %d says %d", stream, line, c.line)
			}
			if len(c.text) == 0 {
				t.Errorf("%q: a document without text", stream)
			}
			joined = append(append(joined, c.text...), c.end...)
		}
		if !bytes.Equal(joined, stream) {
			t.Errorf("%q became %q", stream, joined)
		}
	})
}
