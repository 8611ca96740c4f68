// Package istiod asks istiod's own generator what it makes of a world: the clusters,
// listeners and routes of each proxy, and which objects they came from.
//
// It knows Istio's code and worlds. It must not know meshward: what it says is the
// other side of the comparison.
package istiod

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/meshward/meshward/test/oracle/world"
)

// Output is what istiod makes of a world.
type Output struct {
	// Proxies are what it sends to each proxy of the world, in their order.
	Proxies []*Proxy
	// Merged are the VirtualServices after their delegates were put in their places,
	// the oldest first.
	Merged []*model.MergedVirtualService
}

// Proxy is what istiod sends to one proxy.
type Proxy struct {
	world.Proxy
	// Panic is what generation ended with, and where; empty when it came to its end.
	// There is nothing else then.
	Panic     string
	Listeners []*listenerv3.Listener
	Tables    []*routev3.RouteConfiguration // the route tables that the listeners name
	// Rules are the DestinationRules that are in effect together for a host, the first
	// one first, as istiod merged them.
	Rules map[string][]world.Ref
	// Services are the namespaces of the Services that the proxy was given, and Ports
	// the ports of these, by host.
	Services map[string]string
	Ports    map[string]map[int]bool
	// Servers are those of Gateways that a pod of them opens.
	Servers map[ServerRef]Server

	clusters func() map[string]*clusterv3.Cluster
}

// Clusters are what the proxy can send traffic to, by name. They are made once they are
// asked for: to many questions only the routes are the answer. A panic of istiod is not
// caught here.
func (p *Proxy) Clusters() map[string]*clusterv3.Cluster { return p.clusters() }

// slim keeps istiod from writing a log, from holding on to every mesh that it has ever been
// shown, so that its debug page could tell of it, and from preparing, for each, clients of an
// API server for all kinds there are: it gets its configuration without one.
var slim = sync.OnceFunc(func() {
	krt.GlobalDebugHandler = nil
	kube.FakeIstioScheme = runtime.NewScheme()
	utilruntime.Must(metav1.AddMetaToScheme(kube.FakeIstioScheme))
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
})

// Generate asks istiod for what it sends to the proxies of a world. It returns an error
// where istiod could not be started, which says nothing about the world.
func Generate(w *world.World, proxies []world.Proxy) (*Output, error) {
	slim()
	var out Output
	err := test.Wrap(func(t test.Failer) {
		configs, services := convert(w)
		config := mesh.DefaultMeshConfig()
		config.RootNamespace = world.Root
		server := core.NewConfigGenTest(t, core.TestOptions{Configs: configs, Services: services, Instances: pods(services), MeshConfig: config})
		for _, merged := range server.Env().VirtualServiceController.MergedVirtualServices() {
			out.Merged = append(out.Merged, &merged)
		}
		for i, proxy := range proxies {
			out.Proxies = append(out.Proxies, generate(server, proxy, i))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("start istiod: %w", err)
	}
	return &out, nil
}

// pods are those of headless Services: without any, sidecars have no listener for them.
func pods(services []*model.Service) []*model.ServiceInstance {
	var all []*model.ServiceInstance
	for _, service := range services {
		if service.Resolution != model.Passthrough {
			continue
		}
		for _, port := range service.Ports {
			all = append(all, &model.ServiceInstance{Service: service, ServicePort: port, Endpoint: &model.IstioEndpoint{
				Addresses: []string{"10.8.0.1"}, ServicePortName: port.Name, EndpointPort: uint32(port.Port),
			}})
		}
	}
	return all
}

// generate makes what one proxy is sent. A panic is a fact about the world: istiod would
// have crashed for every proxy.
func generate(server *core.ConfigGenTest, of world.Proxy, number int) (out *Proxy) {
	out = &Proxy{Proxy: of}
	defer func() {
		if reason := recover(); reason != nil {
			none := func() map[string]*clusterv3.Cluster { return nil }
			*out = Proxy{Proxy: of, clusters: none, Panic: fmt.Sprintf("%v at %s", reason, origin(debug.Stack()))}
		}
	}()
	proxy := &model.Proxy{
		Type:            model.SidecarProxy,
		ConfigNamespace: of.Namespace,
		Labels:          of.Labels,
		ID:              fmt.Sprintf("pod-%d.%s", number, of.Namespace),
		IPAddresses:     []string{fmt.Sprintf("10.9.%d.%d", number/250, number%250+1)},
		Metadata:        &model.NodeMetadata{IstioVersion: "1.31.0", Namespace: of.Namespace, Labels: of.Labels},
	}
	if of.Gateway {
		proxy.Type = model.Router
	}
	proxy = server.SetupProxy(proxy)
	out.Servers = serversOf(proxy)
	out.Listeners = server.Listeners(proxy)
	out.Tables = server.RoutesFromListeners(proxy, out.Listeners)
	out.clusters = sync.OnceValue(func() map[string]*clusterv3.Cluster {
		byName := map[string]*clusterv3.Cluster{}
		for _, c := range server.Clusters(proxy) {
			byName[c.GetName()] = c
		}
		return byName
	})
	out.Rules, out.Services, out.Ports = map[string][]world.Ref{}, map[string]string{}, map[string]map[int]bool{}
	for name, service := range proxy.SidecarScope.ServicesByHostname() {
		out.Services[string(name)] = service.Attributes.Namespace
		out.Rules[string(name)] = rulesFor(proxy, name)
		out.Ports[string(name)] = map[int]bool{}
		for _, port := range service.Ports {
			out.Ports[string(name)][port.Port] = true
		}
	}
	return out
}

func rulesFor(proxy *model.Proxy, name host.Name) []world.Ref {
	var from []world.Ref
	for _, rule := range proxy.SidecarScope.DestinationRule(model.TrafficDirectionOutbound, proxy, name).GetFrom() {
		from = append(from, world.Ref{Kind: "DestinationRule", Namespace: rule.Namespace, Name: rule.Name})
	}
	return from
}

// origin is the function in which a panic began: the first of Istio's own in a stack.
func origin(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "panic(")
	for line := range strings.Lines(after) {
		if strings.HasPrefix(line, "istio.io/istio/") {
			name, _, _ := strings.Cut(strings.TrimSpace(line), "(0x")
			return name
		}
	}
	return "an unknown place"
}
