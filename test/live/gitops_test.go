package live_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/meshward/meshward/test/live"
)

// TestGitOpsPage holds docs/gitops.md to what TestDeliveries wants: its tables are
// the tries of the deliveries, by default and as appliers.
func TestGitOpsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(live.Root(), "docs", "gitops.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []string{"want", "want-appliers"} {
		if table := tableOf(t, outcome); !strings.Contains(string(page), table) {
			t.Errorf("docs/gitops.md lacks this table of %s:\n%s", outcome, table)
		}
	}
}

func tableOf(t *testing.T, outcome string) string {
	t.Helper()
	files, err := filepath.Glob("deliveries/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no deliveries: %v", err)
	}
	var table strings.Builder
	header, line := "| delivery |", "|---|"
	for _, tool := range tools {
		header, line = header+" "+tool.name+" |", line+"---|"
	}
	fmt.Fprintf(&table, "%s\n%s\n", header, line)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&table, "| %s |", strings.TrimSuffix(filepath.Base(file), ".txtar"))
		for _, f := range archive.Files {
			if f.Name != outcome {
				continue
			}
			for tries := range strings.Lines(string(f.Data)) {
				fmt.Fprintf(&table, " %s |", strings.TrimSpace(tries[nameWidth:]))
			}
		}
		table.WriteString("\n")
	}
	return table.String()
}
