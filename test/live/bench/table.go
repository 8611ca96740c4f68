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
	asked []asked
	held  []holding
	usage []usage
}

// asked is work and what webhooks added to it, call by call.
type asked struct {
	took
	added histograms
}

// holding is what rate of a question a replica holds.
type holding struct {
	what  string
	found search
}

// write prints the table.
func (r *results) write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "asked of the API server, as the client sees it; below it, what each call of a webhook adds\tmany\ta second\tmean\tp50\tp99")
	for _, a := range r.asked {
		a.write(table)
	}
	fmt.Fprintf(table, "asked of one replica, the most with p99 under %s\tCPU each\ta second\tmean\tp50\tp99\n", inTime)
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

func (a *asked) write(table io.Writer) {
	each := distribution(a.each)
	rate := ""
	if a.apart == 0 {
		rate = fmt.Sprintf("%.0f", float64(len(a.each))/a.all.Seconds())
	}
	fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\t%s\n", a.work, len(a.each), rate, shown(each.mean), shown(each.p50), shown(each.p99))
	for _, of := range a.added.sorted() {
		h := a.added[of]
		fmt.Fprintf(table, "    %s\t%.0f\t\t%s\t%s\t%s\n", of, h.count, shown(seconds(h.mean())), bound(h.atMost(0.5)), bound(h.atMost(0.99)))
	}
}

func line(table io.Writer, what string, t trial) {
	switch {
	case t.rate == 0:
		fmt.Fprintf(table, "  %s\t\tnone\t\t\t\n", what)
	case t.late:
		fmt.Fprintf(table, "  %s\t\t%d\tnot reached\t\t\n", what, t.rate)
	default:
		fmt.Fprintf(table, "  %s\t%s\t%d\t%s\t%s\t%s\n", what, shown(t.cpu), t.rate, shown(t.each.mean), shown(t.each.p50), shown(t.each.p99))
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
