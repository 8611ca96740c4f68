package mutate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

func TestCases(t *testing.T) {
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			outcome := c.outcome(t)
			if *update {
				c.rewrite(t, outcome)
				return
			}
			if diff := cmp.Diff(wanted(c.archive.Files), contents(outcome)); diff != "" {
				t.Errorf("outcome differs (-want +got); run with -update if it should:\n%s", diff)
			}
		})
	}
}

func wanted(files []txtar.File) map[string]string {
	result := contents(files)
	for name := range result {
		if name != "want" && !strings.HasPrefix(name, "want.") {
			delete(result, name)
		}
	}
	return result
}

func contents(files []txtar.File) map[string]string {
	result := make(map[string]string, len(files))
	for _, file := range files {
		result[file.Name] = string(file.Data)
	}
	return result
}
