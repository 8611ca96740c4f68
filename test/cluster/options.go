package cluster

import (
	"fmt"
	"io"
	"os"
	"regexp"
)

// Options say what cluster to start. The zero value is good.
type Options struct {
	// Name is what the cluster is called in kubeconfigs and the start of its
	// nodes' names, as in NAME-node-1. It has the form of a DNS label of at most
	// 40 characters and is "meshward" by default.
	Name string

	// Dir is the directory that holds everything the cluster writes. It must be
	// absent, empty, or of a cluster that is gone. If it is absent it is removed
	// with the cluster, and so is what others put there. By default it is a new
	// one among the system's temporary files.
	Dir string

	// Nodes is the number of nodes, 1 by default.
	Nodes int

	// APIServerArgs are further arguments of kube-apiserver, as in
	// "--audit-log-path=/tmp/audit.log". They win over those that Start sets.
	APIServerArgs []string

	// Niceness is how much the cluster's programs make way for others on the machine, from
	// 0, as by default, to 19. Where what is tested would have machines of its own, it should
	// not have to wait for theirs.
	Niceness int

	// Progress is told what is being built and how far that is, in lines for a
	// human. It is os.Stderr by default; io.Discard keeps it quiet.
	Progress io.Writer
}

const mostNice = 19

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)

// complete fills in the defaults. It returns an error that names the option that
// cannot be met.
func (o Options) complete() (Options, error) {
	if o.Name == "" {
		o.Name = "meshward"
	}
	if !dnsLabel.MatchString(o.Name) {
		return o, fmt.Errorf("%q cannot name a cluster; use at most 40 lower-case letters, digits and inner hyphens", o.Name)
	}
	if o.Niceness < 0 || o.Niceness > mostNice {
		return o, fmt.Errorf("a niceness of %d is not possible; ask for 0 to %d", o.Niceness, mostNice)
	}
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	if o.Nodes < 0 || o.Nodes > maxNodes {
		return o, fmt.Errorf("a cluster cannot have %d nodes; ask for 1 to %d", o.Nodes, maxNodes)
	}
	if o.Progress == nil {
		o.Progress = os.Stderr
	}
	return o, nil
}
