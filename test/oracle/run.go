package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/meshward/meshward/test/oracle/analyzers"
	"github.com/meshward/meshward/test/oracle/gen"
	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/shrink"
	"github.com/meshward/meshward/test/oracle/world"
)

// Run is one run of the oracle.
type Run struct {
	Meshes int
	Seed   uint64
	Only   int // the number of the one mesh to look at; less than 0 for all
	Out    string
}

// result is what came of one mesh.
type result struct {
	number     int
	features   []string
	viewpoints int
	verdicts   []judge.Verdict
	// istio and ours are the scores by object of Istio's analyzers and of meshward.
	istio, ours []judge.Verdict
	differing   []Differing
	err         error
}

// Differing is a mesh for which a rule and istiod disagree, as small as it gets.
type Differing struct {
	Number   int
	Verdict  judge.Verdict
	Smallest *world.World
}

// All makes the meshes, compares, and prints what came of it. It reports whether the two
// sides agree, but for what is known. It returns an error where a mesh could not be
// judged at all, or a file not be read or written.
func (r *Run) All(out, progress io.Writer) (bool, error) {
	if err := os.RemoveAll(r.Out); err != nil {
		return false, err
	}
	var tally Tally
	for got := range r.results(progress) {
		if got.err != nil {
			return false, fmt.Errorf("mesh %d: %w", got.number, got.err)
		}
		tally.add(&got)
		for _, d := range got.differing {
			if err := r.write(d); err != nil {
				return false, err
			}
			fmt.Fprintln(progress, d)
		}
	}
	return tally.agrees(), tally.print(out)
}

// results are those of all meshes, as they come.
func (r *Run) results(progress io.Writer) <-chan result {
	numbers, results := make(chan int), make(chan result)
	go func() {
		defer close(numbers)
		started, told := time.Now(), time.Now()
		for n := range r.Meshes {
			if r.Only >= 0 && n != r.Only {
				continue
			}
			numbers <- n
			if time.Since(told) > 10*time.Second {
				told = time.Now()
				fmt.Fprintf(progress, "mesh %d of %d after %s\n", n, r.Meshes, time.Since(started).Round(time.Second))
			}
		}
	}()
	var workers sync.WaitGroup
	for range 3 * runtime.GOMAXPROCS(0) { // istiod waits for its own parts half of the time
		workers.Go(func() {
			for n := range numbers {
				results <- r.judge(n)
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	return results
}

// seedOf is the seed of the mesh of a number, which is the same whatever the run's length.
func (r *Run) seedOf(number int) uint64 { return r.Seed<<32 + uint64(number) }

func (r *Run) judge(number int) result {
	made := gen.World(r.seedOf(number))
	got := result{number: number, features: made.Features}
	c, err := judge.New(made.World)
	if err != nil {
		got.err = err
		return got
	}
	got.viewpoints = len(c.Proxies)
	for _, j := range judge.All() {
		verdict := j.Compare(c)
		got.verdicts = append(got.verdicts, verdict)
		if len(verdict.Missed) > 0 || len(verdict.False) > 0 {
			got.differing = append(got.differing, r.smallest(number, j, verdict, made.World))
		}
	}
	messages, err := analyzers.Messages(made.World)
	if err != nil {
		got.err = err
		return got
	}
	facts := analyzers.FactsOf(c)
	got.istio, got.ours = analyzers.Score(c, facts, messages), analyzers.Score(c, facts, analyzers.Ours(c))
	return got
}

// smallest shrinks a mesh on which a rule and istiod disagree, as long as they disagree
// in the same direction. What every mesh has is not taken away.
func (r *Run) smallest(number int, j *judge.Judge, verdict judge.Verdict, w *world.World) Differing {
	differs := func(smaller *world.World) bool {
		if !smaller.Has(world.RefOf(gen.Baseline)) {
			return false
		}
		c, err := judge.New(smaller)
		if err != nil {
			return false
		}
		v := j.Compare(c)
		return len(verdict.Missed) > 0 && len(v.Missed) > 0 || len(verdict.False) > 0 && len(v.False) > 0
	}
	d := Differing{Number: number, Verdict: verdict, Smallest: shrink.Smallest(w, differs)}
	if c, err := judge.New(d.Smallest); err == nil {
		d.Verdict = j.Compare(c)
	}
	return d
}

// String is the difference in a few lines.
func (d Differing) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "mesh %d: %s", d.Number, d.Verdict.Rule)
	for _, m := range d.Verdict.Missed {
		fmt.Fprintf(&text, "\n  missed %s", m)
	}
	for _, f := range d.Verdict.False {
		fmt.Fprintf(&text, "\n  false  %s", f)
	}
	return text.String()
}

// write puts the mesh of a difference where "meshward validate --complete" can read it.
func (r *Run) write(d Differing) error {
	folder := filepath.Join(r.Out, d.Verdict.Rule)
	text, err := d.Smallest.YAML()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	header := "# " + fmt.Sprintf("seed %d, ", r.Seed) + strings.ReplaceAll(d.String(), "\n", "\n# ") + "\n"
	return os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d-%d.yaml", r.Seed, d.Number)), append([]byte(header), text...), 0o644)
}
