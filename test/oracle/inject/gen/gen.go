// Package gen makes up workloads for injectors: of every kind, with everything that an
// injector looks at, mostly valid.
//
// It knows Kubernetes' kinds and the names that Istio gives to things. It must not know
// Istio's injector, nor meshward's.
package gen

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	networkingv1beta1 "istio.io/client-go/pkg/apis/networking/v1beta1"
)

// Case is a workload and where it is deployed.
type Case struct {
	Seed uint64
	// Kind is the workload's, and Retired says that its version is one of former times.
	Kind    string
	Retired bool
	// TemplateNamespace is the namespace that the pod's metadata has in the manifest.
	TemplateNamespace string
	// Installation and Native say which files the injectors have.
	Installation string
	Native       bool
	// Manifest is the workload as a file, Request a pod of it as the API server sees it.
	Manifest []byte
	Request  *Request
	// Features are the names of what the workload has, sorted; Notes say of what sort.
	Features, Notes []string
}

// Request is what a webhook is asked.
type Request struct {
	// Pod is JSON.
	Pod       []byte
	Namespace string
	// Path is the one in the webhook's URL.
	Path string
	// ProxyConfigs are the resources in the mesh.
	ProxyConfigs []*networkingv1beta1.ProxyConfig
}

// feature is something that a workload can have.
type feature struct {
	name string
	// rare is how many workloads there are for one that has it.
	rare int
	add  func(*draft)
}

// Features are the names of all that a workload can have.
func Features() []string {
	all := make([]string, 0, len(features))
	for _, f := range features {
		all = append(all, f.name)
	}
	return all
}

// Workload makes the workload of a seed among installations, but without some features.
// Everything else stays the same without them.
func Workload(seed uint64, installations []string, without ...string) (*Case, error) {
	d := newDraft(seed, installations)
	chance := rand.New(rand.NewPCG(seed, seedStream)) //nolint:gosec // What is made must be foreseeable.
	sparse := 1
	if chance.IntN(3) == 0 {
		sparse = 5
	}
	c := &Case{Seed: seed, Installation: d.installation, Native: d.native}
	for _, f := range features {
		has := chance.IntN(f.rare*sparse) == 0
		if !has || slices.Contains(without, f.name) {
			continue
		}
		d.Rand = stream(seed, f.name)
		d.feature = f.name
		f.add(d)
		c.Features = append(c.Features, f.name)
	}
	c.Kind, c.Retired, c.TemplateNamespace = d.kind, d.retired, d.podNamespace
	if d.kind == "Pod" {
		c.TemplateNamespace = d.namespace
	}
	slices.Sort(d.notes)
	c.Notes = slices.Compact(d.notes)
	d.Rand = stream(seed, "finish")
	var err error
	if c.Manifest, err = d.manifest(); err != nil {
		return nil, fmt.Errorf("seed %d: %w", seed, err)
	}
	c.Request, err = d.request()
	if err != nil {
		return nil, fmt.Errorf("seed %d: %w", seed, err)
	}
	return c, nil
}

// seedStream sets these workloads apart from other things made of the same seeds.
const seedStream = 5

// stream is a source of its own for each feature, so that leaving one out changes no
// other.
func stream(seed uint64, name string) *rand.Rand {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, hash.Sum64())) //nolint:gosec // What is made must be foreseeable.
}
