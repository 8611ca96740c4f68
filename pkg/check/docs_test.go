package check_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/check"
)

// TestDocs holds the table of docs/check.md to the list of checks.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/check.md")
	must(t, err)
	var table strings.Builder
	for _, c := range check.All() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", c.Name, c.Looks)
	}
	if !strings.Contains(string(page), "|---|---|\n"+table.String()+"\n") {
		t.Errorf("docs/check.md lacks this table:\n%s", &table)
	}
}
