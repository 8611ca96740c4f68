package policy_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/policy"
)

// TestReference loads the example of docs/policy.md, which has to show every field.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("docs/policy.md has no example")
	}
	config, err := policy.Parse([]byte(example), known)
	if err != nil {
		t.Fatal(err)
	}
	shown(t, "config", reflect.ValueOf(*config))
}

// shown reports each field of ours that is empty. It does not look into lists.
func shown(t *testing.T, path string, value reflect.Value) {
	t.Helper()
	if value.IsZero() {
		t.Errorf("%s is not shown", path)
		return
	}
	switch {
	case value.Kind() == reflect.Pointer && value.Type().Elem() == reflect.TypeFor[policy.Namespaces](),
		value.Type().PkgPath() != reflect.TypeFor[policy.Config]().PkgPath():
		return // a choice shows what it needs
	case value.Kind() == reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() {
				shown(t, path+"."+field.Name, value.Field(i))
			}
		}
	}
}
