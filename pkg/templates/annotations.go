package templates

import (
	"fmt"
	"path"

	"google.golang.org/protobuf/types/known/durationpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// annotation returns the annotation of that name, or else the fallback as text.
func annotation(meta *metav1.ObjectMeta, name string, fallback any) string {
	if meta != nil {
		if value, ok := meta.Annotations[name]; ok {
			return value
		}
	}
	if text, ok := fallback.(string); ok {
		return text
	}
	return fmt.Sprint(fallback)
}

// isset reports whether m has key, whatever its value.
func isset(m map[string]string, key string) bool {
	_, ok := m[key]
	return ok
}

// valueOrDefault returns value, or the fallback where value is nil or an empty
// string. Unlike sprig's default it lets 0 and false stand.
func valueOrDefault(value, fallback any) any {
	if value == nil || value == "" {
		return fallback
	}
	return value
}

// directory returns a path up to its last slash.
func directory(of string) string {
	folder, _ := path.Split(of)
	return folder
}

func formatDuration(d *durationpb.Duration) string { return d.AsDuration().String() }

// unchanged is what is left of functions that once rewrote their argument.
func unchanged(text string) string { return text }
