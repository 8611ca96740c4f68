package inject

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// tally counts what came of the workloads of a run.
type tally struct {
	workloads, differ int
	undecided         int
	injected          map[Way]int
	refused, panics   map[Way]int
	sorts, known      map[string]int
	features, notes   map[string]int
}

func newTally() *tally {
	return &tally{
		injected: map[Way]int{}, refused: map[Way]int{}, panics: map[Way]int{},
		sorts: map[string]int{}, known: map[string]int{}, features: map[string]int{}, notes: map[string]int{},
	}
}

func (t *tally) add(r *result) {
	t.workloads++
	for _, name := range r.of.Features {
		t.features[name]++
	}
	for _, note := range r.of.Notes {
		t.notes[note]++
	}
	differs := false
	for _, c := range r.compared {
		switch {
		case c.Istio.Panic != "":
			t.panics[c.Way]++
		case c.Istio.refused():
			t.refused[c.Way]++
		case strings.Contains(string(c.Istio.Text), "sidecar.istio.io"):
			t.injected[c.Way]++
		}
		switch {
		case c.Differs():
			differs = true
			t.sorts[sortOf(c)]++
		case c.Undecided:
			t.undecided++
		case c.Known != "":
			t.known[c.Known]++
		}
	}
	if differs {
		t.differ++
	}
}

// print writes the tally, and reports whether both sides agree.
func (t *tally) print(out io.Writer, all bool) (bool, error) {
	var text strings.Builder
	for _, way := range ways {
		fmt.Fprintf(&text, "%s: Istio injects %d, refuses %d, panics %d\n", way, t.injected[way], t.refused[way], t.panics[way])
	}
	counts(&text, "features", t.features)
	if all {
		counts(&text, "of which", t.notes)
	}
	var never []string
	for _, name := range gen.Features() {
		if t.features[name] == 0 {
			never = append(never, name)
		}
	}
	if len(never) > 0 {
		fmt.Fprintf(&text, "never met: %s\n", strings.Join(never, " "))
	}
	for _, name := range mostFirst(t.sorts) {
		fmt.Fprintf(&text, "%6d × %s\n", t.sorts[name], name)
	}
	for _, k := range Knowns() {
		if t.known[k.Name] > 0 {
			fmt.Fprintf(&text, "%6d × known %s: %s\n", t.known[k.Name], k.Name, k.Reason)
		}
	}
	if t.undecided > 0 {
		fmt.Fprintf(&text, "%6d × Istio itself gives now one answer and now the other\n", t.undecided)
	}
	fmt.Fprintf(&text, "oracle-inject: %d workloads, %d differ\n", t.workloads, t.differ)
	_, err := io.WriteString(out, text.String())
	return t.differ == 0, err
}

func counts(text *strings.Builder, title string, of map[string]int) {
	fmt.Fprintf(text, "%s:", title)
	for _, name := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(text, " %s %d,", name, of[name])
	}
	text.WriteString("\n")
}

func mostFirst(of map[string]int) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		if of[a] != of[b] {
			return of[b] - of[a]
		}
		return strings.Compare(a, b)
	})
}
