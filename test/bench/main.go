// Command bench measures what meshward promises of its cost, and holds it to budgets.
//
// It knows the budgets and which benchmarks show them. It must not know how anything
// measured works.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// errOver ends the command where a budget does not hold. The table has said which.
var errOver = errors.New("over budget")

func run() error {
	table := flag.String("table", "budgets", "what to measure: "+strings.Join(slices.Sorted(maps.Keys(tables)), ", "))
	only := flag.String("only", "", "measure the rows that match a regular expression (default: all)")
	count := flag.Int("count", 3, "how many times each benchmark is run; the best counts")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	rows := matching(tables[*table], wanted)
	if len(rows) == 0 {
		return fmt.Errorf("no row of table %q matches %q", *table, *only)
	}
	figures, err := measure(suitesOf(rows), *count)
	if err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d CPUs, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	over, err := write(os.Stdout, rows, figures)
	switch {
	case err != nil:
		return err
	case over > 0:
		return fmt.Errorf("%d of %d rows: %w", over, len(rows), errOver)
	}
	return nil
}
