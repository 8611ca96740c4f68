package main

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// held plays a replica that holds all rates up to one.
func held(most int, asked *[]int) func(int) (trial, error) {
	return func(rate int) (trial, error) {
		*asked = append(*asked, rate)
		if rate <= most {
			return trial{rate: rate, each: spread{p99: inTime - time.Microsecond}}, nil
		}
		return trial{rate: rate, late: rate > 2*most, each: spread{p99: inTime}}, nil
	}
}

func TestHighest(t *testing.T) {
	for name, c := range map[string]struct {
		most         int
		asked        []int
		holds, fails int
	}{
		"in the upper half": {1800, []int{250, 500, 1000, 2000, 2000, 1500, 1750}, 1750, 2000},
		"in the lower half": {1300, []int{250, 500, 1000, 2000, 2000, 1500, 1500, 1250}, 1250, 1500},
		"none":              {100, []int{250, 250}, 0, 250},
		"all":               {1 << 20, []int{250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000}, 32_000, 0},
	} {
		var asked []int
		found, err := highest(held(c.most, &asked))
		if err != nil {
			t.Fatal(err)
		}
		if found.holds.rate != c.holds || found.fails.rate != c.fails || !slices.Equal(asked, c.asked) {
			t.Errorf("%s: asked at %v, held %d and not %d; want %v, %d and %d", name, asked, found.holds.rate, found.fails.rate, c.asked, c.holds, c.fails)
		}
	}
}

// One trial that another program spoilt does not end the search.
func TestHighestTriesAgain(t *testing.T) {
	var asked []int
	steady, spoilt := held(300, &asked), true
	found, err := highest(func(rate int) (trial, error) {
		if spoilt {
			spoilt = false
			return trial{rate: rate, late: true}, nil
		}
		return steady(rate)
	})
	if err != nil || found.holds.rate != 250 {
		t.Errorf("held %d, error %v; want 250", found.holds.rate, err)
	}
}

func TestHighestFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := highest(func(int) (trial, error) { return trial{}, broken }); !errors.Is(err, broken) {
		t.Errorf("got error %v, want that of the trial", err)
	}
}
