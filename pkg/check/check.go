// Package check looks at a cluster that meshward is installed in, and says what is wrong
// with the installation and what to do about it. It reads, and has the API server try
// objects that it does not store; nothing is changed.
//
// A check is a value in a file of its own, and one line in All. It must not know which
// other checks there are, nor who reads what it says.
package check

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Severity is how bad a finding is.
type Severity string

// The severities: what does not work, and what will not one day or is a risk.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Check looks at one thing.
type Check struct {
	// Name is what its findings are known by.
	Name string
	// Looks says what it looks at.
	Looks string

	run func(context.Context, *look)
}

// An Object is what a finding is about.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// A Finding is one thing that is wrong.
type Finding struct {
	Severity Severity `json:"severity"`
	Object   Object   `json:"object"`
	// Problem is what is wrong with it, and Fix what to do, with a command.
	Problem string `json:"problem"`
	Fix     string `json:"fix"`
}

// A Result is what came of a check.
type Result struct {
	Check    string    `json:"check"`
	Looks    string    `json:"looks"`
	Findings []Finding `json:"findings"`
	// Unseen is what could not be looked at, and why. It may be fine or not.
	Unseen []string `json:"couldNotLook"`
	// Notes say what was not looked at because there is no need to, or nothing there.
	Notes []string `json:"notes"`
}

// Options say what installation is looked at. Whoever asks fills them all in.
type Options struct {
	// Namespace is where meshward runs, and Service what the API server calls there.
	Namespace, Service string
	// ProbeNamespace is where the API server is asked to try a broken route.
	ProbeNamespace string
	// Binary is the version of the binary that asks.
	Binary string
	// Now is the time that certificates are compared with.
	Now time.Time
}

// Run looks at a cluster with each check in turn. It returns an error where the cluster
// does not answer at all.
func Run(ctx context.Context, cluster Cluster, options Options, checks []*Check) ([]Result, error) {
	version, err := cluster.Version(ctx)
	if err != nil {
		return nil, fmt.Errorf("the cluster does not answer: %w", err)
	}
	seen := &memory{version: version}
	results := make([]Result, 0, len(checks))
	for _, check := range checks {
		l := &look{Cluster: cluster, Options: options, seen: seen}
		check.run(ctx, l)
		l.Check, l.Looks = check.Name, check.Looks
		slices.SortStableFunc(l.Findings, bySeverity)
		results = append(results, l.Result)
	}
	return results, nil
}

func bySeverity(a, b Finding) int {
	rank := map[Severity]int{Error: 0, Warning: 1}
	return rank[a.Severity] - rank[b.Severity]
}

// Wrong reports whether there is a finding that is an error.
func Wrong(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool {
		return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Error })
	})
}

// Blind reports whether there is something that could not be looked at.
func Blind(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return len(r.Unseen) > 0 })
}
