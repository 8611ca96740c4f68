package mutate

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// probersVariable tells the agent of the proxy which probes it makes in the kubelet's place.
const probersVariable = "ISTIO_KUBE_APP_PROBERS"

// A prober is such a probe.
type prober struct {
	HTTPGet        *corev1.HTTPGetAction   `json:"httpGet,omitempty"`
	TCPSocket      *corev1.TCPSocketAction `json:"tcpSocket,omitempty"`
	GRPC           *corev1.GRPCAction      `json:"grpc,omitempty"`
	TimeoutSeconds int32                   `json:"timeoutSeconds,omitempty"`
}

// A call is one way in which the kubelet calls a container.
type call struct {
	field   string // its path in the container
	path    string // where the agent answers it
	http    **corev1.HTTPGetAction
	tcp     **corev1.TCPSocketAction
	grpc    **corev1.GRPCAction // nil where there is no such call
	timeout int32               // seconds
}

// calls returns the calls of a container that go over its network.
func calls(c *corev1.Container) []call {
	var all []call
	for _, p := range []struct {
		field, path string
		probe       *corev1.Probe
	}{
		{"/readinessProbe", "/app-health/" + c.Name + "/readyz", c.ReadinessProbe},
		{"/livenessProbe", "/app-health/" + c.Name + "/livez", c.LivenessProbe},
		{"/startupProbe", "/app-health/" + c.Name + "/startupz", c.StartupProbe},
	} {
		if p.probe != nil && (p.probe.HTTPGet != nil || p.probe.TCPSocket != nil || p.probe.GRPC != nil) {
			all = append(all, call{p.field, p.path, &p.probe.HTTPGet, &p.probe.TCPSocket, &p.probe.GRPC, p.probe.TimeoutSeconds})
		}
	}
	if c.Lifecycle == nil {
		return all
	}
	for _, h := range []struct {
		field, path string
		handler     *corev1.LifecycleHandler
	}{
		{"/lifecycle/preStop", "/app-lifecycle/" + c.Name + "/prestopz", c.Lifecycle.PreStop},
		{"/lifecycle/postStart", "/app-lifecycle/" + c.Name + "/poststartz", c.Lifecycle.PostStart},
	} {
		if h.handler != nil && (h.handler.HTTPGet != nil || h.handler.TCPSocket != nil) {
			all = append(all, call{h.field, h.path, &h.handler.HTTPGet, &h.handler.TCPSocket, nil, 0})
		}
	}
	return all
}

// calledCopy is a copy of a container whose calls may be changed.
func calledCopy(c *corev1.Container) *corev1.Container {
	copied := *c
	copied.ReadinessProbe = c.ReadinessProbe.DeepCopy()
	copied.LivenessProbe = c.LivenessProbe.DeepCopy()
	copied.StartupProbe = c.StartupProbe.DeepCopy()
	copied.Lifecycle = c.Lifecycle.DeepCopy()
	return &copied
}

// rewriteProbes hands the calls of the kubelet to all containers but the proxy to the
// agent, which reaches the application from inside the pod, past mutual TLS. agentPort is
// where it listens, and meshPort where it does unless the pod says otherwise. It returns
// what there is to warn of.
func (d *draft) rewriteProbes(agentPort, meshPort int32) []string {
	proxy := d.proxy()
	if proxy == nil {
		return nil
	}
	var warnings []string
	probers := map[string]*prober{}
	d.all(func(it *item) {
		if it.name == proxyContainer || len(calls(it.container)) == 0 {
			return
		}
		if agentPort == 0 {
			warnings = append(warnings, fmt.Sprintf("the probes of container %.63q stay as they are, since the pod turns off the agent that would make them", it.name))
			return
		}
		called := calledCopy(it.container)
		it.container = called
		for _, c := range calls(called) {
			if get := *c.http; get != nil && get.Port == intstr.FromInt32(agentPort) && get.Path == c.path {
				continue // the agent answers it already
			}
			handed, unknown := c.handedOver(called.Ports, meshPort)
			if unknown != "" {
				warnings = append(warnings, fmt.Sprintf("%s of container %.63q will fail: no port of it is named %.63q", c.field[1:], it.name, unknown))
			}
			if handed != nil {
				probers[c.path] = handed
			}
			it.edits = append(it.edits, c.redirect(agentPort)...)
		}
	})
	if len(probers) > 0 {
		_, injected := d.pod.Annotations[statusAnnotation]
		proxy.addProbers(probers, injected)
	}
	return warnings
}

// handedOver returns the call as the agent is to make it, its port by number: nil where it
// is the agent's own already, or its port is unknown.
func (c *call) handedOver(ports []corev1.ContainerPort, meshPort int32) (handed *prober, unknown string) {
	handed = &prober{TimeoutSeconds: c.timeout}
	var port *intstr.IntOrString
	switch {
	case *c.http != nil:
		handed.HTTPGet = (*c.http).DeepCopy()
		port = &handed.HTTPGet.Port
	case *c.tcp != nil:
		handed.TCPSocket = (*c.tcp).DeepCopy()
		port = &handed.TCPSocket.Port
	default:
		handed.GRPC = *c.grpc
		return handed, ""
	}
	if port.Type == intstr.Int {
		if port.IntVal == meshPort {
			return nil, ""
		}
		return handed, ""
	}
	for _, p := range ports {
		if p.Name == port.StrVal && p.Name != "" {
			*port = intstr.FromInt32(p.ContainerPort)
			return handed, ""
		}
	}
	return nil, port.StrVal
}

// redirect makes the call one to the agent, and returns how. A host of localhost was that
// of the pod to whoever wrote it; to the kubelet it is the node.
func (c *call) redirect(agentPort int32) []Operation {
	get := *c.http
	if get == nil {
		get = &corev1.HTTPGetAction{Path: c.path, Port: intstr.FromInt32(agentPort)}
		other := "/tcpSocket"
		if *c.tcp == nil {
			other = "/grpc"
			*c.grpc = nil
		}
		*c.tcp, *c.http = nil, get
		return []Operation{remove(c.field + other), add(c.field+"/httpGet", encoded(get))}
	}
	at := c.field + "/httpGet"
	how := []Operation{
		add(at+"/port", strconv.AppendInt(nil, int64(agentPort), 10)),
		add(at+"/path", appendString(nil, c.path)),
	}
	get.Port, get.Path = intstr.FromInt32(agentPort), c.path
	if get.Scheme == corev1.URISchemeHTTPS {
		get.Scheme = corev1.URISchemeHTTP
		how = append(how, add(at+"/scheme", appendString(nil, string(get.Scheme))))
	}
	switch get.Host {
	case "localhost", "127.0.0.1", "::1":
		get.Host = ""
		how = append(how, remove(at+"/host"))
	}
	return how
}
