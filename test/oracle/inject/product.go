package inject

import (
	"cmp"
	"net/url"
	"slices"
	"sync"

	apinetworking "istio.io/api/networking/v1beta1"
	networkingv1beta1 "istio.io/client-go/pkg/apis/networking/v1beta1"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/mutate/workload"
	"github.com/meshward/meshward/pkg/templates"
	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// Product is meshward's injector.
type Product struct{}

// CommandLine injects into a file.
func (Product) CommandLine(f *files.Files, manifest []byte) (out []byte, warnings []string, err error) {
	injector, err := injectorOf(f, true)
	if err != nil {
		return nil, nil, err
	}
	out, outcomes, err := workload.Into("manifest.yaml", manifest, injector.IntoPod)
	for _, outcome := range outcomes {
		warnings = append(warnings, outcome.String())
	}
	return out, warnings, err
}

// Injector is the one that the webhook asks, which is made once.
func (Product) Injector(f *files.Files) (*mutate.Injector, error) { return injectorOf(f, false) }

// Webhook answers for a pod.
func (Product) Webhook(f *files.Files, r *gen.Request) (patch []byte, denied string, err error) {
	injector, err := injectorOf(f, false)
	if err != nil {
		return nil, "", err
	}
	if len(r.ProxyConfigs) > 0 { // of this request alone
		config := injector.Config
		config.ProxyConfigs = proxyConfigs(config.Mesh.GetRootNamespace(), r.ProxyConfigs)
		if injector, err = mutate.New(config); err != nil {
			return nil, "", err
		}
	}
	pod, err := mutate.Decode(r.Pod)
	if err != nil {
		return nil, err.Error(), nil //nolint:nilerr // it is a denial
	}
	if !injector.Decide(pod, r.Namespace).Inject {
		return nil, "", nil
	}
	at, err := url.Parse(r.Path)
	if err != nil {
		return nil, "", err
	}
	injection, err := injector.Inject(mutate.Request{
		Raw: r.Pod, Pod: pod, Workload: mutate.WorkloadOf(pod, r.Namespace), Variables: mutate.VariablesOf(at.Path),
	})
	if err != nil {
		return nil, err.Error(), nil //nolint:nilerr // it is a denial
	}
	return injection.Patch.JSON(), "", nil
}

// injectors are those of all files, each for files and for a cluster.
var injectors sync.Map

type injectorKey struct {
	of    *files.Files
	files bool
}

func injectorOf(f *files.Files, forFiles bool) (*mutate.Injector, error) {
	key := injectorKey{f, forFiles}
	if known, is := injectors.Load(key); is {
		return known.(*mutate.Injector), nil
	}
	config, err := templates.ParseConfig(f.Config)
	if err != nil {
		return nil, err
	}
	values, err := templates.ParseValues(f.Values)
	if err != nil {
		return nil, err
	}
	mesh, err := templates.ParseMesh(f.Mesh)
	if err != nil {
		return nil, err
	}
	injector, err := mutate.New(mutate.Config{
		Templates: config, Values: &values, Mesh: mesh, Revision: f.Revision, NativeSidecars: f.Native, CompliancePolicy: f.Compliance, Files: forFiles,
	})
	if err != nil {
		return nil, err
	}
	injectors.Store(key, injector)
	return injector, nil
}

func proxyConfigs(root string, from []*networkingv1beta1.ProxyConfig) *mutate.ProxyConfigs {
	oldest := slices.SortedStableFunc(slices.Values(from), func(a, b *networkingv1beta1.ProxyConfig) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	in := map[string][]*apinetworking.ProxyConfig{}
	for _, p := range oldest {
		in[p.Namespace] = append(in[p.Namespace], &p.Spec)
	}
	return &mutate.ProxyConfigs{RootNamespace: root, In: in}
}
