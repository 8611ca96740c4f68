package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// write prints the table of rows, and returns how many are over their budget.
func write(w io.Writer, rows []row, measured figures) (over int, err error) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tfigure\tbudget\tto no-op\t")
	for _, r := range rows {
		line, within, err := r.line(measured)
		if err != nil {
			return 0, err
		}
		if !within && !r.informs {
			over++
		}
		fmt.Fprintln(table, line)
	}
	return over, table.Flush()
}

func (r row) line(measured figures) (text string, within bool, err error) {
	figure, err := measured.least(r.of, r.unit)
	if err != nil {
		return "", false, err
	}
	shown, budget := inUnit(figure, r.unit), inUnit(r.most, r.unit)
	if r.against != "" {
		whole, err := measured.least(r.against, r.unit)
		if err != nil {
			return "", false, err
		}
		figure /= whole
		shown, budget = proportion(figure), proportion(r.most)
	}
	beside := ""
	if r.beside != "" {
		floor, err := measured.least(r.beside, r.unit)
		if err != nil {
			return "", false, err
		}
		beside = proportion(figure / floor)
	}
	within = figure <= r.most
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", r.what, shown, budget, beside, r.verdict(within)), within, nil
}

func (r row) verdict(within bool) string {
	said := "over"
	if within {
		said = "within"
	}
	if r.informs {
		said += ", on this machine"
	}
	return said
}

// proportion is one figure in terms of another, as people say it.
func proportion(ratio float64) string {
	if ratio < 0.5 {
		return fmt.Sprintf("1/%.3g", 1/ratio)
	}
	return fmt.Sprintf("%.2f×", ratio)
}

func inUnit(figure float64, unit string) string {
	switch unit {
	case inSeconds:
		return time.Duration(figure * float64(time.Second)).Round(time.Microsecond).String()
	case inAllocations:
		return fmt.Sprintf("%.0f allocs", figure)
	default:
		return fmt.Sprintf("%.1f KiB", figure/1024)
	}
}
