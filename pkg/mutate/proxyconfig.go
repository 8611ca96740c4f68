package mutate

import (
	"fmt"
	"maps"
	"strings"

	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1beta1"

	"github.com/meshward/meshward/pkg/templates"
)

// ProxyConfigs are the ProxyConfig resources of a mesh, which set the concurrency, the
// environment and the image of some proxies.
type ProxyConfigs struct {
	// RootNamespace is the one whose resources are for the whole mesh.
	RootNamespace string
	// In are the resources of each namespace, the oldest first.
	In map[string][]*networking.ProxyConfig
}

// of returns the first resource of a namespace that is for all its pods, or with labels
// the first that picks a pod by them; nil for none.
func (p *ProxyConfigs) of(namespace string, labels map[string]string, picked bool) *networking.ProxyConfig {
	for _, resource := range p.In[namespace] {
		selector := resource.GetSelector().GetMatchLabels()
		switch {
		case !picked && resource.GetSelector() == nil:
			return resource
		case picked && len(selector) > 0 && hasAll(labels, selector):
			return resource
		}
	}
	return nil
}

func hasAll(labels, selector map[string]string) bool {
	for key, value := range selector {
		if got, has := labels[key]; !has || got != value {
			return false
		}
	}
	return true
}

// configOf returns the mesh's configuration as the pod's templates see it, and that of its
// proxy: what a resource for the pod says wins over its annotation, that over a resource for
// its namespace, then one for the mesh, then the mesh's default. The messages are shared:
// they must not be changed.
func (in *Injector) configOf(r *Request) (mesh *meshconfig.MeshConfig, proxy *meshconfig.ProxyConfig, warnings []string, err error) {
	mesh, proxy = in.Mesh, in.Mesh.GetDefaultConfig()
	namespace := r.Workload.Namespace
	var forPod *networking.ProxyConfig
	if resources := in.ProxyConfigs; resources != nil {
		proxy = with(proxy, resources.of(resources.RootNamespace, nil, false))
		if namespace != resources.RootNamespace {
			proxy = with(proxy, resources.of(namespace, nil, false))
		}
		forPod = resources.of(namespace, r.Pod.Labels, true)
	}
	if text, annotated := r.Pod.Annotations[proxyConfigAnnotation]; annotated {
		applied, unknown, err := templates.WithProxyConfig(&meshconfig.MeshConfig{DefaultConfig: proxy}, text)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("annotation %s: %w", proxyConfigAnnotation, err)
		}
		proxy = applied.GetDefaultConfig()
		if len(unknown) > 0 {
			warnings = append(warnings, fmt.Sprintf("annotation %s has fields that no proxy knows: %.60q", proxyConfigAnnotation, strings.Join(unknown, ", ")))
		}
		if in.Files {
			mesh = proto.CloneOf(mesh)
			mesh.DefaultConfig = proxy
		}
	}
	return mesh, with(proxy, forPod), warnings, nil
}

// with returns a configuration with what a resource says; the same where there is none.
func with(config *meshconfig.ProxyConfig, resource *networking.ProxyConfig) *meshconfig.ProxyConfig {
	if resource == nil {
		return config
	}
	config = proto.CloneOf(config)
	if resource.GetConcurrency() != nil {
		config.Concurrency = resource.GetConcurrency()
	}
	if resource.GetImage() != nil {
		config.Image = resource.GetImage()
	}
	if len(resource.GetEnvironmentVariables()) > 0 {
		metadata := maps.Clone(config.GetProxyMetadata())
		if metadata == nil {
			metadata = map[string]string{}
		}
		maps.Copy(metadata, resource.GetEnvironmentVariables())
		config.ProxyMetadata = metadata
	}
	return config
}
