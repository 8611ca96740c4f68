package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// mostProblems is how many kinds of problem are kept in words; all are counted.
const mostProblems = 50

// Tally counts what became of admissions. Its methods are safe for concurrent use.
type Tally struct {
	mu       sync.Mutex
	began    time.Time
	phase    string
	counts   Counts
	kinds    map[string]int
	took     []time.Duration
	seconds  map[int64]int
	problems []*problem
	refusals map[string]int // by phase, what the API server did not take
}

// problem is a kind of problem, and how often there was one in a phase.
type problem struct {
	what, phase, kind, why string
	first                  time.Duration // after which the first came
	times                  int
}

func (p *problem) String() string {
	return fmt.Sprintf("%d %s during %s, first after %s: %s: %s", p.times, p.what, p.phase, p.first.Round(100*time.Millisecond), p.kind, p.why)
}

// Counts are the numbers of a tally.
type Counts struct {
	// Admissions were answered.
	Admissions int
	// Lost are those whose webhook did not answer.
	Lost int
	// Wrong are those that were decided in another way than they have to be.
	Wrong int
	// Untaken are tries that the API server itself could not take.
	Untaken int
	// Unjudged were let in with a warning that there was no time to judge them.
	Unjudged int
}

func newTally() *Tally {
	return &Tally{began: time.Now(), kinds: map[string]int{}, seconds: map[int64]int{}, refusals: map[string]int{}}
}

// Phase says what goes on from now on, for those who read of problems.
func (t *Tally) Phase(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase = name
}

// Counts returns the numbers so far.
func (t *Tally) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

// Problems returns in words what was lost or wrong.
func (t *Tally) Problems() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for _, p := range t.problems {
		all = append(all, p.String())
	}
	return all
}

// Lose counts what was lost and seen elsewhere.
func (t *Tally) Lose(n int, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Lost += n
	t.problem("lost", "seen elsewhere", why)
}

// Err counts what is wrong and was seen elsewhere.
func (t *Tally) Err(why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Wrong++
	t.problem("wrong", "seen elsewhere", why)
}

func (t *Tally) count(kind string, took time.Duration, got answer, wrong string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Admissions++
	t.kinds[kind]++
	t.took = append(t.took, took)
	t.seconds[time.Now().Unix()]++
	for _, warning := range got.warnings {
		if strings.Contains(warning, "did not judge") || strings.Contains(warning, "not denied") {
			t.counts.Unjudged++
			break
		}
	}
	switch {
	case got.failed(), got.untaken():
		t.counts.Lost++
		t.problem("lost", kind, got.reason())
	case wrong != "":
		t.counts.Wrong++
		t.problem("wrong", kind, wrong+", "+got.reason())
	}
}

// problem keeps a problem in words, once for each kind in a phase. The lock is held.
func (t *Tally) problem(what, kind, why string) {
	phase := cmp.Or(t.phase, "nothing else")
	for _, p := range t.problems {
		if p.what == what && p.phase == phase && p.kind == kind && p.why == why {
			p.times++
			return
		}
	}
	if len(t.problems) < mostProblems {
		t.problems = append(t.problems, &problem{what: what, phase: phase, kind: kind, why: why, first: time.Since(t.began), times: 1})
	}
}

func (t *Tally) untaken() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Untaken++
	t.refusals[cmp.Or(t.phase, "nothing else")]++
}

// Summary tells in lines for a human what was asked, how fast it was answered and what the
// API server did not take.
func (t *Tally) Summary() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var text strings.Builder
	for _, kind := range sorted(t.kinds) {
		fmt.Fprintf(&text, "  %7d %s\n", t.kinds[kind], kind)
	}
	slices.Sort(t.took)
	at := func(of float64) time.Duration {
		if len(t.took) == 0 {
			return 0
		}
		return t.took[int(of*float64(len(t.took)-1))].Round(100 * time.Microsecond)
	}
	fmt.Fprintf(&text, "  %.1f a second over all; answered within %s (half), %s (99%%), %s (all)\n",
		float64(t.counts.Admissions)/time.Since(t.began).Seconds(), at(0.5), at(0.99), at(1))
	fmt.Fprintf(&text, "  %d tries that the API server itself could not take, and that were repeated\n", t.counts.Untaken)
	for _, phase := range sorted(t.refusals) {
		fmt.Fprintf(&text, "  %7d during %s\n", t.refusals[phase], phase)
	}
	fmt.Fprintf(&text, "  %d let in with a warning that there was no time to judge or to confirm\n", t.counts.Unjudged)
	return text.String()
}

func sorted(of map[string]int) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
