package mutate

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/meshward/meshward/pkg/templates"
)

// A Patch is a list of operations to apply in order: an RFC 6902 JSON patch.
type Patch []Operation

// An Operation adds Value at Path. There is no other kind of operation, for
// adding is the one change that cannot lose what somebody else wrote.
type Operation struct {
	Path  string          // a JSON pointer (RFC 6901), its tokens escaped
	Value json.RawMessage // shared between patches: never changed
}

// JSON returns the patch in the encoding that the API server expects.
func (p Patch) JSON() []byte {
	const perOperation = len(`{"op":"add","path":"","value":},`)
	size := len("[]")
	for _, operation := range p {
		size += perOperation + len(operation.Path) + len(operation.Value)
	}
	encoded := append(make([]byte, 0, size), '[')
	for i, operation := range p {
		if i > 0 {
			encoded = append(encoded, ',')
		}
		encoded = append(encoded, `{"op":"add","path":`...)
		encoded = appendString(encoded, operation.Path)
		encoded = append(encoded, `,"value":`...)
		encoded = append(encoded, operation.Value...)
		encoded = append(encoded, '}')
	}
	return append(encoded, ']')
}

// members adds keys to the object at path, which is made where it is absent or
// null. A key that is present is the user's and stays, unless it is owned.
func (p Patch) members(path string, present map[string]string, added []templates.Element, owned ...string) Patch {
	if len(added) == 0 {
		return p
	}
	if present == nil {
		return append(p, Operation{path, object(added)})
	}
	for _, element := range added {
		if _, taken := present[element.Name]; taken && !slices.Contains(owned, element.Name) {
			continue
		}
		p = append(p, Operation{path + "/" + pointerEscapes.Replace(element.Name), element.JSON})
	}
	return p
}

// pointerEscapes are those of RFC 6901 §3.
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// position is an end of a list.
type position int

const (
	front position = iota
	back
)

// items adds to one end of the list at path, in order. The list is made where
// it is absent or null, that is, not present.
func (p Patch) items(path string, present bool, at position, added []templates.Element) Patch {
	if len(added) == 0 {
		return p
	}
	if !present {
		return append(p, Operation{path, array(added)})
	}
	for i, element := range added {
		index := "-" // RFC 6902 §4.1: after the last element
		if at == front {
			index = strconv.Itoa(i)
		}
		p = append(p, Operation{path + "/" + index, element.JSON})
	}
	return p
}

func object(elements []templates.Element) json.RawMessage {
	encoded := []byte{'{'}
	for i, element := range elements {
		if i > 0 {
			encoded = append(encoded, ',')
		}
		encoded = appendString(encoded, element.Name)
		encoded = append(encoded, ':')
		encoded = append(encoded, element.JSON...)
	}
	return append(encoded, '}')
}

func array(elements []templates.Element) json.RawMessage {
	encoded := []byte{'['}
	for i, element := range elements {
		if i > 0 {
			encoded = append(encoded, ',')
		}
		encoded = append(encoded, element.JSON...)
	}
	return append(encoded, ']')
}

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
