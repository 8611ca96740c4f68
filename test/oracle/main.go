// Command oracle holds meshward against istiod: it makes meshes, asks both what happens in
// them, and tells where they disagree.
//
// It knows all packages of this module. The module is one of its own because istiod's
// code must never come near the product's go.mod.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
)

func main() {
	var run Run
	flag.IntVar(&run.Meshes, "n", 500, "how many meshes to make")
	flag.Uint64Var(&run.Seed, "seed", 1, "the seed of the first mesh; the others follow from it")
	flag.IntVar(&run.Only, "only", -1, "look at one mesh of the run only, by its number")
	flag.StringVar(&run.Out, "out", "out", "the folder for the meshes on which the two disagree")
	flag.Parse()
	debug.SetGCPercent(400) // istiod makes much that is looked at once
	agreed, err := run.All(os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	}
	if !agreed {
		os.Exit(1)
	}
}
