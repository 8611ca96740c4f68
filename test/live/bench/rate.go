package main

import (
	"fmt"
	"time"
)

const (
	firstRate = 250
	lastRate  = 32_000 // beyond what the client of one machine can ask
	halvings  = 2
	// triesOfARate are how many times one is tried before it does not hold: another program
	// that has its turn for some milliseconds is enough to spoil the p99 of seconds.
	triesOfARate = 2
	// inTime is what p99 has to be under.
	inTime = 10 * time.Millisecond
)

// trial is what became of questions at a rate.
type trial struct {
	rate int
	late bool // the rate was not reached
	each spread
	cpu  time.Duration // of the replica, for each question
}

func (t trial) holds() bool { return !t.late && t.each.p99 < inTime }

func (t trial) String() string {
	if t.late {
		return errLate.Error()
	}
	return fmt.Sprintf("p50 %s, p99 %s, CPU %s each", shown(t.each.p50), shown(t.each.p99), shown(t.cpu))
}

// search is the highest rate that was seen to hold, and the lowest that was not; of rate 0
// where there is none.
type search struct{ holds, fails trial }

// highest doubles the rate until it does not hold, and then halves what is between.
func highest(try func(rate int) (trial, error)) (search, error) {
	var found search
	for rate := firstRate; rate <= lastRate && found.fails.rate == 0; rate *= 2 {
		if err := found.try(rate, try); err != nil {
			return found, err
		}
	}
	if found.holds.rate == 0 || found.fails.rate == 0 {
		return found, nil
	}
	for range halvings {
		if err := found.try((found.holds.rate+found.fails.rate)/2, try); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (s *search) try(rate int, try func(rate int) (trial, error)) error {
	var got trial
	for range triesOfARate {
		var err error
		if got, err = try(rate); err != nil {
			return err
		}
		if got.holds() {
			s.holds = got
			return nil
		}
	}
	s.fails = got
	return nil
}
