package mutate

import (
	"encoding/json"
	"strings"
)

// A Patch is a list of operations to apply in order: an RFC 6902 JSON patch.
type Patch []Operation

// An Operation is one step of a patch.
type Operation struct {
	Op    string          // "add", "replace" or "remove"
	Path  string          // a JSON pointer (RFC 6901), its tokens escaped
	Value json.RawMessage // shared between patches: never changed; nil where something is removed
}

// add writes a field, be it there or not, or inserts into a list.
func add(path string, value json.RawMessage) Operation { return Operation{"add", path, value} }

// replace writes what is there.
func replace(path string, value json.RawMessage) Operation { return Operation{"replace", path, value} }

// remove takes away what is there.
func remove(path string) Operation { return Operation{"remove", path, nil} }

// JSON returns the patch in the encoding that the API server expects.
func (p Patch) JSON() []byte {
	const perOperation = len(`{"op":"replace","path":"","value":},`)
	size := len("[]")
	for _, operation := range p {
		size += perOperation + len(operation.Path) + len(operation.Value)
	}
	encoded := append(make([]byte, 0, size), '[')
	for i, operation := range p {
		if i > 0 {
			encoded = append(encoded, ',')
		}
		encoded = append(encoded, `{"op":"`...)
		encoded = append(encoded, operation.Op...)
		encoded = append(encoded, `","path":`...)
		encoded = appendString(encoded, operation.Path)
		if operation.Value != nil {
			encoded = append(encoded, `,"value":`...)
			encoded = append(encoded, operation.Value...)
		}
		encoded = append(encoded, '}')
	}
	return append(encoded, ']')
}

// pointerEscapes are those of RFC 6901 §3.
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// appendString appends text as a JSON string. Paths and names hardly ever need
// an escape, and those that need none cost no allocation.
func appendString(encoded []byte, text string) []byte {
	if strings.ContainsFunc(text, needsEscape) {
		return append(encoded, jsonString(text)...)
	}
	encoded = append(encoded, '"')
	encoded = append(encoded, text...)
	return append(encoded, '"')
}

func needsEscape(r rune) bool {
	return r < ' ' || r > '~' || r == '"' || r == '\\'
}

func jsonString(text string) json.RawMessage {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has an encoding
	}
	return encoded
}
