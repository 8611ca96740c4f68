// Command inject holds meshward's injector against Istio's: it makes workloads, has both
// inject into them, and tells where they do not come to the same.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/meshward/meshward/test/oracle/inject"
)

func main() {
	istio := inject.NewIstio()
	run := inject.Run{Pair: inject.Pair{Istio: istio, Ours: inject.Product{}}}
	flag.IntVar(&run.Workloads, "n", 500, "how many workloads to make")
	flag.Uint64Var(&run.Seed, "seed", 1, "the seed of the first workload; the others follow from it")
	flag.IntVar(&run.Only, "only", -1, "look at one workload of the run only, by its number")
	flag.StringVar(&run.Out, "out", "out/inject", "the folder for the workloads on which the two disagree")
	flag.IntVar(&run.Shown, "shown", 2, "how many differences of a sort to make small and show")
	flag.BoolVar(&run.Verbose, "v", false, "count not only the features of workloads but also of what sort they were")
	itself := flag.Bool("self", false, "hold Istio's injector against itself, which shows what this test is worth")
	flag.Parse()
	if *itself {
		run.Pair.Ours = inject.Calm{Side: istio}
	}
	debug.SetGCPercent(400) // most is looked at once
	agreed, err := run.All(os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle-inject:", err)
		os.Exit(2)
	}
	if !agreed {
		os.Exit(1)
	}
}
