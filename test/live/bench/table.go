package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"
)

// results are all that was measured.
type results struct {
	asked []took
	added histograms
	held  []holding
	usage []usage
}

// holding is what rate of a question a replica holds.
type holding struct {
	what  string
	found search
}

// write prints the table.
func (r *results) write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	heading := func(text string) { fmt.Fprintf(table, "%s\tmany\ta second\tmean\tp50\tp99\n", text) }

	heading("added by a webhook, as the API server counts")
	for _, of := range r.added.sorted() {
		h := r.added[of]
		fmt.Fprintf(table, "  %s\t%.0f\t\t%s\t%s\t%s\n", of, h.count, shown(seconds(h.mean())), bound(h.atMost(0.5)), bound(h.atMost(0.99)))
	}
	heading(fmt.Sprintf("asked of the API server, %d at a time, as the client sees it", atATime))
	for _, t := range r.asked {
		each := distribution(t.each)
		rate := float64(len(t.each)) / t.all.Seconds()
		fmt.Fprintf(table, "  %s\t%d\t%.0f\t%s\t%s\t%s\n", t.what, len(t.each), rate, shown(each.mean), shown(each.p50), shown(each.p99))
	}
	heading(fmt.Sprintf("asked of one replica, the most with p99 under %s", inTime))
	for _, h := range r.held {
		line(table, h.what+", held", h.found.holds)
		line(table, h.what+", not held", h.found.fails)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(table, "meshward itself\tCPU\tresident after it")
	for _, u := range r.usage {
		fmt.Fprintf(table, "  %s\t%.1f s\t%.0f MB\n", u.during, u.cpu, u.memory/1e6)
	}
	return table.Flush()
}

func line(table io.Writer, what string, t trial) {
	switch {
	case t.rate == 0:
		fmt.Fprintf(table, "  %s\t\tnone\t\t\t\n", what)
	case t.late:
		fmt.Fprintf(table, "  %s\t\t%d\tnot reached\t\t\n", what, t.rate)
	default:
		fmt.Fprintf(table, "  %s\t\t%d\t%s\t%s\t%s\n", what, t.rate, shown(t.each.mean), shown(t.each.p50), shown(t.each.p99))
	}
}

// bound is that of a bucket.
func bound(s float64) string {
	if math.IsInf(s, 1) {
		return "beyond all buckets"
	}
	return fmt.Sprintf("≤ %g ms", 1000*s)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// shown has as many digits as mean something.
func shown(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
