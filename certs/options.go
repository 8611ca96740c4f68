package certs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The shortest leaf, and how many leaves a CA has to outlast. It is replaced when two
// thirds of its time are over, and its last leaf is not to be cut short.
const (
	shortestLeaf = 10 * time.Second
	leavesOfCA   = 3
)

// Options say by which names a server is called, and how it certifies itself.
type Options struct {
	// Namespace and Service are what webhook configurations call the server by.
	Namespace, Service string
	// DNSNames are further names that the certificate is good for.
	DNSNames []string
	// Configuration is the name of the webhook configurations that are ours, of both
	// kinds. Those with a label called Label are ours as well.
	Configuration, Label string
	// Secret keeps the CA of a server that certifies itself.
	Secret string
	// CADuration and LeafDuration are how long the CA and the leaves are good.
	CADuration, LeafDuration time.Duration
}

// Check returns an error if certificates could not be made by the options.
func (o Options) Check() error {
	var problems []error
	if o.LeafDuration < shortestLeaf {
		problems = append(problems, fmt.Errorf("a leaf that is good for %s; it must be %s at least", o.LeafDuration, shortestLeaf))
	}
	if o.CADuration < leavesOfCA*o.LeafDuration {
		problems = append(problems, fmt.Errorf("a CA that is good for %s; it must be good for %d times as long as a leaf, which is %s",
			o.CADuration, leavesOfCA, leavesOfCA*o.LeafDuration))
	}
	for name, value := range map[string]string{"namespace": o.Namespace, "Service": o.Service, "Secret": o.Secret, "configuration": o.Configuration} {
		if value == "" {
			problems = append(problems, fmt.Errorf("no name of the %s", name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// serviceName is the name that the API server expects in the certificate of a Service.
func (o Options) serviceName() string { return o.Service + "." + o.Namespace + ".svc" }

// names are all that the certificate has to be good for.
func (o Options) names() []string { return append([]string{o.serviceName()}, o.DNSNames...) }
