package missing

import (
	"fmt"
	"time"
)

// Mode says what becomes of pods that should have a sidecar and have none.
type Mode string

// What may become of them.
const (
	ModeOff    Mode = "off"    // nobody looks for them
	ModeReport Mode = "report" // they are counted, and their controllers are told
	ModeEvict  Mode = "evict"  // as well, those that a controller makes anew are evicted
)

// Set takes what a flag says.
func (m *Mode) Set(text string) error {
	switch given := Mode(text); given {
	case ModeOff, ModeReport, ModeEvict:
		*m = given
		return nil
	default:
		return fmt.Errorf("it must be %s, %s or %s", ModeOff, ModeReport, ModeEvict)
	}
}

// String is what a flag says.
func (m *Mode) String() string { return string(*m) }

// Type is how the help calls what a flag says.
func (m *Mode) Type() string { return "off|report|evict" }

// Options say how pods without a sidecar are looked for.
type Options struct {
	Mode Mode
	// Interval is how long to wait between two passes, roughly.
	Interval time.Duration
	// EvictionsPerMinute bounds how fast this replica evicts.
	EvictionsPerMinute int
	// Revision is whose pods they are; "" for the default one.
	Revision string
}

// Check returns what is wrong with options, as flags call it.
func (o Options) Check() error {
	if o.Interval < time.Second {
		return fmt.Errorf("--missing-sidecars-interval is %s; it must be at least 1s", o.Interval)
	}
	if o.EvictionsPerMinute < 1 {
		return fmt.Errorf("--evictions-per-minute is %d; it must be at least 1", o.EvictionsPerMinute)
	}
	return nil
}

// between is the time from one eviction to the next.
func (o Options) between() time.Duration { return time.Minute / time.Duration(o.EvictionsPerMinute) }

// mostEvictions is how many fit between two passes.
func (o Options) mostEvictions() int { return 1 + int(o.Interval/o.between()) }
