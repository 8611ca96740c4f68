package inject

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// Run is one run of the comparison.
type Run struct {
	Workloads int
	Seed      uint64
	Only      int // the number of the one workload to look at; less than 0 for all
	Out       string
	// Shown is how many differences of a sort are made small, written and printed.
	Shown int
	// Verbose says to count not only the features but also what they were.
	Verbose bool
	Pair    Pair

	installations []string
	mu            sync.Mutex
	shown         map[string]int
}

// result is what came of one workload.
type result struct {
	number   int
	of       *gen.Case
	compared []*Compared
	small    []*gen.Case // for each of compared, nil where it is not to be shown
	err      error
}

// All makes the workloads, compares, and prints what came of it. It reports whether the
// two sides agree, but for what is known. It returns an error where a workload could not
// be compared at all, or a file not be written.
func (r *Run) All(out, progress io.Writer) (bool, error) {
	if err := os.RemoveAll(r.Out); err != nil {
		return false, err
	}
	if _, err := files.All(); err != nil {
		return false, err
	}
	r.installations, r.shown = files.Installations(), map[string]int{}
	tally := newTally()
	for got := range r.results(progress) {
		if got.err != nil {
			return false, fmt.Errorf("workload %d: %w", got.number, got.err)
		}
		tally.add(got)
		for i, small := range got.small {
			if small == nil {
				continue
			}
			if err := r.write(got.number, small, got.compared[i]); err != nil {
				return false, err
			}
			fmt.Fprintln(out, shown(got.number, small, got.compared[i]))
		}
	}
	return tally.print(out, r.Verbose)
}

// results are those of all workloads, as they come.
func (r *Run) results(progress io.Writer) <-chan *result {
	numbers, results := make(chan int), make(chan *result)
	go func() {
		defer close(numbers)
		started, told := time.Now(), time.Now()
		for n := range r.Workloads {
			if r.Only >= 0 && n != r.Only {
				continue
			}
			numbers <- n
			if time.Since(told) > 10*time.Second {
				told = time.Now()
				fmt.Fprintf(progress, "workload %d of %d after %s\n", n, r.Workloads, time.Since(started).Round(time.Second))
			}
		}
	}()
	var workers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) { // some wait for others at the gate
		workers.Go(func() {
			for n := range numbers {
				results <- r.compare(n)
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	return results
}

// seedOf is the seed of the workload of a number, which is the same whatever the run's
// length.
func (r *Run) seedOf(number int) uint64 { return r.Seed<<32 + uint64(number) }

func (r *Run) compare(number int) *result {
	got := &result{number: number}
	got.of, got.err = gen.Workload(r.seedOf(number), r.installations)
	for _, way := range ways {
		if got.err != nil {
			return got
		}
		var compared *Compared
		if compared, got.err = r.Pair.Compare(got.of, way); got.err != nil {
			return got
		}
		var small *gen.Case
		if compared.Differs() && r.show(compared) {
			small, compared = r.Pair.smallest(got.of, compared, r.installations)
		}
		got.compared, got.small = append(got.compared, compared), append(got.small, small)
	}
	return got
}

// show reports whether a difference is one of the first of its sort.
func (r *Run) show(c *Compared) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	sort := sortOf(c)
	r.shown[sort]++
	return r.Only >= 0 || r.shown[sort] <= r.Shown
}

func sortOf(c *Compared) string { return string(c.Way) + ": " + c.At }

// shown is a difference as it is printed.
func shown(number int, c *gen.Case, got *Compared) string {
	var text strings.Builder
	fmt.Fprintf(&text, "workload %d: %s\n", number, sortOf(got))
	fmt.Fprintf(&text, "  installation %s, native %t, kind %s\n  features %s\n", c.Installation, c.Native, c.Kind, strings.Join(c.Features, " "))
	lines := strings.Split(strings.TrimRight(got.Diff, "\n"), "\n")
	if len(lines) > linesShown {
		lines = append(lines[:linesShown], fmt.Sprintf("… %d lines more", len(lines)-linesShown))
	}
	for _, line := range lines {
		if len(line) > 300 {
			line = line[:300] + "…"
		}
		fmt.Fprintf(&text, "  %s\n", line)
	}
	return text.String()
}

const linesShown = 40

// write puts a difference into files: what went in, and what came out on both sides.
func (r *Run) write(number int, c *gen.Case, got *Compared) error {
	folder := filepath.Join(r.Out, fmt.Sprintf("%d-%d-%s", r.Seed, number, got.Way))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := files.Of(c.Installation, c.Native)
	if err != nil {
		return err
	}
	name, input := "input.yaml", c.Manifest
	if got.Way == Webhook {
		name, input = "input.json", c.Request.Pod
	}
	request := fmt.Sprintf("namespace: %s\npath: %s\nproxyConfigs:\n%s", c.Request.Namespace, c.Request.Path, text(c.Request.ProxyConfigs))
	for name, content := range map[string][]byte{
		name: input, "difference.txt": []byte(shown(number, c, got) + "\n" + got.Diff), "request.yaml": []byte(request),
		"istio.yaml": []byte(got.First), "meshward.yaml": []byte(got.Second),
		"files/config.yaml": f.Config, "files/values.yaml": f.Values, "files/mesh.yaml": f.Mesh,
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
