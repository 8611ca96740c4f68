package templates

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

// functions are what a template can call. All are pure.
var functions = template.FuncMap{
	"canonicalName":     canonicalName,
	"canonicalRevision": canonicalRevision,
	"containerNames":    containerNames,
	"containerPorts":    containerPorts,
	"toJson":            toJSON,
	"toLower":           strings.ToLower,
}

// toJSON encodes any value as JSON that YAML reads back as the same value: a
// string stays one string, whatever is in it. This is what makes it safe to
// place a name, label or annotation of a pod into a template.
func toJSON(value any) (string, error) {
	if text, ok := value.(string); ok {
		return string(quoted(text)), nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("toJson: %w", err)
	}
	return string(escaped(encoded)), nil
}

// quoted returns text as a JSON string that is a YAML string as well.
func quoted(text string) []byte {
	if isPlain(text) {
		result := make([]byte, 0, len(text)+2)
		result = append(result, '"')
		result = append(result, text...)
		return append(result, '"')
	}
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has an encoding
	}
	return escaped(encoded)
}

// isPlain reports whether text needs no escape in a JSON string.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// escaped replaces what JSON allows inside a string but YAML reads as a line
// break (U+0085) or refuses (DEL, the C1 controls, the byte order mark). Beyond
// U+FFFF an escape would be a surrogate pair, which YAML refuses in turn; there
// every character may stand as it is.
func escaped(encoded []byte) []byte {
	if isASCII(encoded) {
		return encoded
	}
	result := make([]byte, 0, len(encoded)+len(encoded)/2)
	for _, r := range string(encoded) {
		if r > '~' && r <= 0xFFFF {
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

// containerPorts returns the ports of all application containers as a JSON array.
func containerPorts(spec *corev1.PodSpec) (string, error) {
	ports := []corev1.ContainerPort{}
	for i := range spec.Containers {
		ports = append(ports, spec.Containers[i].Ports...)
	}
	encoded, err := json.Marshal(ports)
	if err != nil {
		return "", fmt.Errorf("containerPorts: %w", err)
	}
	return string(encoded), nil
}

// containerNames returns the names of all application containers, with commas between.
func containerNames(spec *corev1.PodSpec) string {
	names := make([]string, 0, len(spec.Containers))
	for i := range spec.Containers {
		names = append(names, spec.Containers[i].Name)
	}
	return strings.Join(names, ",")
}

// canonicalName returns the name that telemetry groups the pod under: what its
// labels say, or the workload's name cut to the length of a label.
func canonicalName(labels map[string]string, workload string) string {
	name := cmp.Or(
		labels["service.istio.io/canonical-name"],
		labels["app.kubernetes.io/name"],
		labels["app"],
		workload,
	)
	const longestLabel = 63 // bytes
	if len(name) <= longestLabel {
		return name
	}
	return strings.Trim(name[:longestLabel], "-_.")
}

// canonicalRevision returns the version of the service that the pod runs.
func canonicalRevision(labels map[string]string) string {
	return cmp.Or(
		labels["service.istio.io/canonical-revision"],
		labels["app.kubernetes.io/version"],
		labels["version"],
		"latest",
	)
}
