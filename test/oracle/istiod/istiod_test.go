// Package istiod_test holds what istiod is read to say to worlds in files.
package istiod_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
	"github.com/meshward/meshward/test/oracle/world/worldtest"
)

// TestGenerate reads worlds whose leading comments are what the proxies of namespace
// default are sent: a line for each panic, cluster of a Service, and route of a rule.
func TestGenerate(t *testing.T) {
	worldtest.Each(t, "testdata/*.yaml", func(t *testing.T, text string, w *world.World) {
		out, err := istiod.Generate(w, w.Proxies())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected(text), sent(out)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func expected(text string) []string {
	var want []string
	for line := range strings.Lines(text) {
		said, comment := strings.CutPrefix(line, "# ")
		if !comment {
			break
		}
		want = append(want, strings.TrimSpace(said))
	}
	return want
}

func sent(out *istiod.Output) []string {
	var lines []string
	for _, p := range out.Proxies {
		if p.Namespace != "default" {
			continue
		}
		if p.Panic != "" {
			lines = append(lines, fmt.Sprintf("%s: panic: %s", p, p.Panic))
		}
		for _, name := range slices.Sorted(maps.Keys(p.Clusters())) {
			if strings.HasPrefix(name, "outbound|") {
				lines = append(lines, fmt.Sprintf("%s: cluster %s", p, name))
			}
		}
		for _, r := range out.Routes(p) {
			lines = append(lines, fmt.Sprintf("%s: route on %d of %v to %s", p, r.Port(), r.Origins, r.GetRoute().GetCluster()))
		}
	}
	return lines
}
