package cluster

import (
	"strings"
	"testing"
)

func TestOptionsThatCannotBeMet(t *testing.T) {
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"upper case":     {Options{Name: "East"}, `"East" cannot name a cluster`},
		"path":           {Options{Name: "../east"}, `"../east" cannot name a cluster`},
		"hyphen at end":  {Options{Name: "east-"}, `"east-" cannot name a cluster`},
		"too long":       {Options{Name: strings.Repeat("a", 41)}, "at most 40"},
		"negative nodes": {Options{Nodes: -1}, "cannot have -1 nodes"},
		"too nice":       {Options{Niceness: 20}, "ask for 0 to 19"},
		"too many nodes": {Options{Nodes: 255}, "ask for 1 to 254"},
	} {
		if _, err := c.options.complete(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	got, err := Options{}.complete()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "meshward" || got.Nodes != 1 || got.Progress == nil {
		t.Errorf("got %+v", got)
	}
}
