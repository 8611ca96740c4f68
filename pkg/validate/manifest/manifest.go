// Package manifest reads Kubernetes manifests from files into objects of the
// mesh, and remembers where each came from.
//
// It is the only package of the engine that opens files. It must not know rules
// or findings.
package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Set is what was read from some files.
type Set struct {
	// Objects are the objects of the mesh, in the order in which they were read.
	Objects []*mesh.Object
	// Skipped are the documents that were not looked at, and why.
	Skipped []Skipped

	places map[*mesh.Object]place
}

// Skipped is one document that was not looked at.
type Skipped struct {
	File   string
	Line   int // of the document's first line, from 1
	Reason string
}

// Reader reads manifests.
type Reader struct {
	// Namespace is that of objects which name none.
	Namespace string
	// Stdin is read for the path "-".
	Stdin io.Reader
}

// Read reads files, folders (all .yaml, .yml and .json files below them) and
// "-". The error holds one line for each thing that could not be read, with file
// and line; the set holds all the rest even so.
func (r Reader) Read(paths ...string) (*Set, error) {
	set := &Set{places: map[*mesh.Object]place{}}
	var problems []error
	for _, path := range paths {
		problems = append(problems, r.readPath(set, path))
	}
	set.keepLast()
	return set, errors.Join(problems...)
}

func (r Reader) readPath(set *Set, path string) error {
	if path == "-" {
		data, err := io.ReadAll(r.Stdin)
		if err != nil {
			return fmt.Errorf("standard input cannot be read: %w", err)
		}
		return r.readFile(set, "<stdin>", data)
	}
	info, err := os.Stat(path) // follows a link, which the walk would not
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.readNamed(set, path)
	}
	var problems []error
	err = filepath.WalkDir(path+string(filepath.Separator), func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			err = r.readEntry(set, file, entry)
		}
		problems = append(problems, err)
		return nil
	})
	return errors.Join(append(problems, err)...)
}

// readEntry reads a file that was found in a folder, if it is a manifest.
func (r Reader) readEntry(set *Set, file string, entry fs.DirEntry) error {
	if entry.Type()&fs.ModeSymlink != 0 {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			set.Skipped = append(set.Skipped, Skipped{File: file, Reason: "links to folders are not followed"})
			return nil
		}
	}
	if !isManifest(file) {
		return nil
	}
	return r.readNamed(set, file)
}

func (r Reader) readNamed(set *Set, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return r.readFile(set, filepath.Clean(file), data)
}

func isManifest(file string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(file)))
}

func (r Reader) readFile(set *Set, file string, data []byte) error {
	var problems []error
	for _, doc := range split(file, data) {
		raw, err := doc.json()
		switch {
		case err != nil:
			problems = append(problems, err)
		case raw != nil:
			problems = append(problems, r.readObject(set, place{document: doc}, raw))
		}
	}
	return errors.Join(problems...)
}

// header is what every Kubernetes object has.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// headerOf returns an empty header for JSON that is no Kubernetes object.
func headerOf(raw []byte) header {
	var h header
	if json.Unmarshal(raw, &h) != nil {
		return header{}
	}
	return h
}

func (r Reader) readObject(set *Set, at place, raw []byte) error {
	h := headerOf(raw)
	if h.APIVersion == "" || h.Kind == "" {
		set.skip(at, "not a Kubernetes object: it has no apiVersion and kind")
		return nil
	}
	if strings.HasSuffix(h.Kind, "List") {
		return r.readList(set, at, raw)
	}
	kind, ok := mesh.KindOf(schema.FromAPIVersionAndKind(h.APIVersion, h.Kind))
	if !ok {
		set.skip(at, h.Kind+" of "+h.APIVersion+" is not among the kinds that are judged")
		return nil
	}
	object, err := mesh.Decode(kind, raw)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if object.Name == "" {
		return fmt.Errorf("%s: this %s has no metadata.name", at, kind)
	}
	if object.Namespace == "" && object.Kind != mesh.KindNamespace {
		object.Namespace = r.Namespace
	}
	object.Source = mesh.Source{File: at.file, Line: at.Line("")}
	set.Objects = append(set.Objects, object)
	set.places[object] = at
	return nil
}

func (r Reader) readList(set *Set, at place, raw []byte) error {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("%s: the items of this list cannot be read: %w", at, err)
	}
	var problems []error
	for i, item := range list.Items {
		problems = append(problems, r.readObject(set, at.item(i), item))
	}
	return errors.Join(problems...)
}

func (s *Set) skip(at place, reason string) {
	s.Skipped = append(s.Skipped, Skipped{File: at.file, Line: at.Line(""), Reason: reason})
}

// keepLast leaves of objects with the same name only the last, as kubectl apply
// would, and reports the others as skipped.
func (s *Set) keepLast() {
	last := make(map[mesh.Ref]*mesh.Object, len(s.Objects))
	for _, object := range s.Objects {
		last[object.Ref] = object
	}
	s.Objects = slices.DeleteFunc(s.Objects, func(object *mesh.Object) bool {
		kept := last[object.Ref]
		if kept == object {
			return false
		}
		s.skip(s.places[object], fmt.Sprintf("%s is defined again at %s:%d, and the last one counts", object, kept.Source.File, kept.Source.Line))
		return true
	})
}

// Line returns the line of a field of an object, from 1: that of the innermost
// part of the path that is there. It returns 0 for an object of another set.
func (s *Set) Line(object *mesh.Object, path string) int {
	at, ok := s.places[object]
	if !ok {
		return 0
	}
	return at.Line(path)
}

// byteOrderMark is what some editors put in front of a file.
var byteOrderMark = []byte("\xef\xbb\xbf")

// split cuts a file into its documents, leaving out those without content.
func split(file string, data []byte) []*document {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if documents := splitJSON(file, data); documents != nil {
		return documents
	}
	var documents []*document
	current := &document{file: file, line: 1}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		begins, rest := marker(line, "---")
		ends, _ := marker(line, "...")
		if !begins && !ends {
			current.text = append(current.text, line...)
			continue
		}
		documents = append(documents, current)
		current = &document{file: file, line: number, text: slices.Clone(rest)}
		if ends {
			current.text = []byte("\n")
		}
	}
	return slices.DeleteFunc(append(documents, current), (*document).isEmpty)
}

// marker reports whether a line is a document marker of YAML, and returns what
// stands behind it.
func marker(line []byte, text string) (bool, []byte) {
	rest, found := bytes.CutPrefix(line, []byte(text))
	return found && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n")), rest
}

// splitJSON cuts a stream of JSON objects, as some tools write it, and returns
// nil for anything else.
func splitJSON(file string, data []byte) []*document {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return nil
	}
	var documents []*document
	decoder := json.NewDecoder(bytes.NewReader(data))
	for end := int64(0); ; end = decoder.InputOffset() {
		var object json.RawMessage
		switch err := decoder.Decode(&object); {
		case errors.Is(err, io.EOF):
			return documents
		case err != nil:
			return nil
		}
		line := 1 + bytes.Count(data[:end], []byte("\n"))
		documents = append(documents, &document{file: file, line: line, text: data[end:decoder.InputOffset()]})
	}
}
