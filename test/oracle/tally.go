package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/meshward/meshward/test/oracle/gen"
	"github.com/meshward/meshward/test/oracle/judge"
)

// Tally counts what came of the meshes.
type Tally struct {
	meshes, viewpoints int
	features           map[string]int
	rules              map[string]*count
	known              map[string]int
	missed, unfounded  int
}

// count is of the meshes of one rule.
type count struct {
	fired, broken, agreed, missed, unfounded int
	istio, ours                              score
}

// score is of the objects of one rule.
type score struct {
	missed, unfounded int
}

func (t *Tally) add(r *result) {
	if t.rules == nil {
		t.features, t.rules, t.known = map[string]int{}, map[string]*count{}, map[string]int{}
	}
	t.meshes++
	t.viewpoints += r.viewpoints
	for _, feature := range r.features {
		t.features[feature]++
	}
	for i := range r.verdicts {
		t.addVerdict(&r.verdicts[i])
	}
	for i := range r.istio {
		t.rules[r.istio[i].Rule].istio.add(&r.istio[i])
		t.rules[r.ours[i].Rule].ours.add(&r.ours[i])
	}
	for _, d := range r.differing {
		t.missed += one(len(d.Verdict.Missed) > 0)
		t.unfounded += one(len(d.Verdict.False) > 0)
	}
}

func (s *score) add(v *judge.Verdict) {
	s.missed += len(v.Missed)
	s.unfounded += len(v.False)
}

func (t *Tally) addVerdict(v *judge.Verdict) {
	if t.rules[v.Rule] == nil {
		t.rules[v.Rule] = &count{}
	}
	n := t.rules[v.Rule]
	for _, known := range v.Known {
		t.known[known]++
	}
	n.fired += one(v.Fired)
	n.broken += one(v.Broken)
	n.agreed += one((v.Fired || v.Broken) && len(v.Missed)+len(v.False) == 0)
	n.missed += one(len(v.Missed) > 0)
	n.unfounded += one(len(v.False) > 0)
}

// one is 1 for what is so.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// agrees reports whether the two sides agree, but for what is known.
func (t *Tally) agrees() bool { return t.missed == 0 && t.unfounded == 0 }

// print writes the tables, and the line that sums them up as the last.
func (t *Tally) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FEATURE\tMESHES")
	for _, feature := range gen.Features() {
		fmt.Fprintf(table, "%s\t%d\n", feature, t.features[feature])
	}
	fmt.Fprintln(table, "\nRULE\tBROKEN\tFIRED\tAGREED\tMISSED\tFALSE")
	for _, rule := range slices.Sorted(maps.Keys(t.rules)) {
		n := t.rules[rule]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", rule, n.broken, n.fired, n.agreed, n.missed, n.unfounded)
	}
	fmt.Fprintln(table, "\nBY OBJECT\tISTIO MISSED\tISTIO FALSE\tMESHWARD MISSED\tMESHWARD FALSE")
	for _, rule := range slices.Sorted(maps.Keys(t.rules)) {
		n := t.rules[rule]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\n", rule, n.istio.missed, n.istio.unfounded, n.ours.missed, n.ours.unfounded)
	}
	fmt.Fprintln(table, "\nKNOWN DIFFERENCE\tSECTION\tSIDE\tMESHES")
	for _, k := range judge.Knowns() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", k.Name, k.Section, k.Side, t.known[k.Name])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\noracle: %d meshes, %d viewpoints, %d missed, %d false\n", t.meshes, t.viewpoints, t.missed, t.unfounded)
	return err
}
