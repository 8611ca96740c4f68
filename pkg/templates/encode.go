package templates

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"k8s.io/utils/lru"
	"sigs.k8s.io/yaml"
)

// literal encodes any value as JSON that YAML reads back as the same value: a
// string stays one string, whatever is in it. This is what makes it safe to
// place a name, label or annotation of a pod into a template.
func literal(value any) (string, error) {
	if whole, ok := value.(string); ok {
		return quoted(whole), nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("toJson: %w", err)
	}
	return string(escaped(encoded)), nil
}

// quotedParts returns its arguments, one after the other, as one text that is safe
// to place into YAML.
func quotedParts(parts ...any) string {
	if len(parts) == 1 {
		return quoted(plain(parts[0]))
	}
	var whole strings.Builder
	for _, part := range parts {
		whole.WriteString(plain(part))
	}
	return quoted(whole.String())
}

func plain(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case text:
		return string(value)
	default:
		return fmt.Sprint(value)
	}
}

// quoted returns whole as a JSON string that is a YAML string as well.
func quoted(whole string) string {
	if isPlain(whole) {
		return `"` + whole + `"`
	}
	return string(appendQuoted(nil, whole))
}

func appendQuoted(to []byte, whole string) []byte {
	if isPlain(whole) {
		return append(append(append(to, '"'), whole...), '"')
	}
	encoded, err := json.Marshal(whole)
	if err != nil {
		panic(err) // a string always has an encoding
	}
	return append(to, escaped(encoded)...)
}

// isPlain reports whether whole needs no escape in a JSON string.
func isPlain(whole string) bool {
	for i := range len(whole) {
		switch c := whole[i]; {
		case c < ' ' || c > '~':
			return false
		case c == '"' || c == '\\' || c == '<' || c == '>' || c == '&':
			return false
		}
	}
	return true
}

// escaped replaces what JSON allows inside a string but YAML reads as a line
// break (U+0085) or refuses: DEL, the C1 controls, the byte order mark, and what
// is no character.
func escaped(encoded []byte) []byte {
	if isASCII(encoded) {
		return encoded
	}
	result := make([]byte, 0, len(encoded)+len(encoded)/2)
	for _, r := range string(encoded) {
		if 0x7F <= r && r < 0xA0 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF {
			result = fmt.Appendf(result, `\u%04x`, r)
			continue
		}
		result = utf8.AppendRune(result, r)
	}
	return result
}

func isASCII(encoded []byte) bool {
	for _, c := range encoded {
		if c > '~' {
			return false
		}
	}
	return true
}

// toJSON encodes a map of texts; none is an empty object.
func toJSON(m map[string]string) string {
	if m == nil {
		return "{}"
	}
	return structToJSON(m)
}

// structToJSON encodes any value; what cannot be encoded is an empty object.
func structToJSON(value any) string {
	if value == nil {
		return "{}"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "{}"
	}
	return string(encoded)
}

// fromJSON decodes JSON; what is none becomes the text of an empty object, which
// a template cannot range over.
func fromJSON(encoded string) any {
	var value any
	if err := json.Unmarshal([]byte(encoded), &value); err != nil {
		return "{}"
	}
	return value
}

// toYAML encodes any value, with a line break at the end; what cannot be encoded
// is empty.
func toYAML(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	if len(encoded) > longestYAML {
		return asYAML(encoded)
	}
	if known, ok := yamlTexts.Get(string(encoded)); ok {
		text, _ := known.(string)
		return text
	}
	text := asYAML(encoded)
	yamlTexts.Add(string(encoded), text)
	return text
}

// yamlTexts remembers what JSON was written as, for nearly always it is some part
// of the values, which are the same for all pods.
var yamlTexts = lru.New(64)

const longestYAML = 4 << 10 // bytes of JSON; a longer one is written every time

func asYAML(encoded []byte) string {
	text, err := yaml.JSONToYAML(encoded)
	if err != nil {
		return ""
	}
	return string(text)
}

// widest keeps a number in a template from asking for all memory.
const widest = 1000 // spaces

// indent moves every line but the first to the right.
func indent(spaces int, source string) string {
	if spaces < 0 {
		spaces = -spaces
	}
	margin := strings.Repeat(" ", max(0, min(spaces, widest)))
	return strings.ReplaceAll(source, "\n", "\n"+margin)
}
