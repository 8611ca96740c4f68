package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/meshward/meshward/pkg/admit"
)

// loadFlags say how much each webhook takes on at once.
type loadFlags struct{ most, queued int }

func (f *loadFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.most, "max-concurrent-reviews", 64, "how many reviews each webhook works on at once; the others wait as long as they can")
	flags.IntVar(&f.queued, "max-queued-reviews", 1024, "how many reviews of each webhook wait at once; the others are not judged, and answered at once")
}

func (f *loadFlags) check() error {
	switch {
	case f.most < 1:
		return fmt.Errorf("--max-concurrent-reviews is %d; it must be at least 1", f.most)
	case f.queued < 0:
		return fmt.Errorf("--max-queued-reviews is %d; it must be at least 0", f.queued)
	}
	return nil
}

func (f *loadFlags) slots() *admit.Slots { return admit.NewSlots(f.most, f.queued) }
