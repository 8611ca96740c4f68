package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// durations is the API server's own metric of what each webhook adds to a request.
const durations = "apiserver_admission_webhook_admission_duration_seconds"

// ours is how the names of our webhooks end.
const ours = ".meshward.io"

// admission is what a webhook is asked for, and what became of it.
type admission struct{ webhook, operation, rejected string }

func (a admission) String() string {
	text := a.webhook + " " + a.operation
	if a.rejected == "true" {
		text += ", rejected"
	}
	return text
}

// histogram is how many of all took up to so many seconds.
type histogram struct {
	count, sum float64
	upTo       map[float64]float64
}

type histograms map[admission]*histogram

// readHistograms reads those of our webhooks.
func readHistograms(text []byte) (histograms, error) {
	samples, err := readSamples(text, durations)
	if err != nil {
		return nil, err
	}
	read := histograms{}
	for _, s := range samples {
		of := admission{webhook: s.labels["name"], operation: s.labels["operation"], rejected: s.labels["rejected"]}
		if !strings.HasSuffix(of.webhook, ours) {
			continue
		}
		if read[of] == nil {
			read[of] = &histogram{upTo: map[float64]float64{}}
		}
		if err := read[of].take(s); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func (h *histogram) take(s sample) error {
	switch s.name {
	case durations + "_sum":
		h.sum = s.value
	case durations + "_count":
		h.count = s.value
	case durations + "_bucket":
		bound, err := strconv.ParseFloat(s.labels["le"], 64)
		if err != nil {
			return err
		}
		h.upTo[bound] = s.value
	}
	return nil
}

// since is what came to an earlier state; of what nothing came to, there is nothing.
func (h histograms) since(before histograms) histograms {
	came := histograms{}
	for of, now := range h {
		then := before[of]
		if then == nil {
			then = &histogram{}
		}
		if now.count == then.count {
			continue
		}
		came[of] = &histogram{count: now.count - then.count, sum: now.sum - then.sum, upTo: map[float64]float64{}}
		for bound, count := range now.upTo {
			came[of].upTo[bound] = count - then.upTo[bound]
		}
	}
	return came
}

// mean is in seconds.
func (h *histogram) mean() float64 { return h.sum / h.count }

// atMost is in seconds the least bound that a share of all does not exceed, infinite where
// the last bound is.
func (h *histogram) atMost(share float64) float64 {
	least := math.Inf(1)
	for bound, count := range h.upTo {
		if count >= share*h.count {
			least = min(least, bound)
		}
	}
	return least
}

// sorted are the admissions in the order of their names.
func (h histograms) sorted() []admission {
	var all []admission
	for of := range h {
		all = append(all, of)
	}
	slices.SortFunc(all, func(a, b admission) int { return strings.Compare(a.String(), b.String()) })
	return all
}
