package gen

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// probes gives some containers probes of a type.
func probes(kind string) func(*draft) {
	return func(d *draft) {
		c := d.container()
		for _, field := range []**corev1.Probe{&c.ReadinessProbe, &c.LivenessProbe, &c.StartupProbe} {
			if d.oneIn(2) {
				continue
			}
			probe := &corev1.Probe{ProbeHandler: handler(d, c, kind)}
			if d.oneIn(2) {
				probe.TimeoutSeconds, probe.PeriodSeconds, probe.FailureThreshold = int32(d.between(1, 30)), 7, 5
			}
			if d.oneIn(6) {
				grace := int64(4)
				probe.TerminationGracePeriodSeconds = &grace
			}
			*field = probe
		}
	}
}

func handler(d *draft, c *corev1.Container, kind string) corev1.ProbeHandler {
	port := intstr.FromInt32(pick[int32](d, 80, 8080, 9090))
	switch kind {
	case "tcp":
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: port, Host: pick(d, "", "", "10.0.0.1")}}
	case "grpc":
		service := pick(d, "", "health", "a b")
		return corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: port.IntVal, Service: pick(d, nil, &service)}}
	case "exec":
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}
	case "named":
		if d.oneIn(3) {
			d.note("unresolved")
		} else {
			c.Ports = append(c.Ports, corev1.ContainerPort{Name: "probe", ContainerPort: 8088})
		}
		port = intstr.FromString(pick(d, "probe", "probe", "8080"))
		if d.oneIn(3) {
			return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: port}}
		}
	}
	get := &corev1.HTTPGetAction{Path: pick(d, "/healthz", "/a?b=c&d=<e>", "healthz", ""), Port: port}
	switch {
	case kind == "https":
		get.Scheme = corev1.URISchemeHTTPS
	case d.oneIn(3):
		get.Scheme = corev1.URISchemeHTTP
	}
	if kind == "localhost" {
		get.Host = pick(d, "localhost", "127.0.0.1", "::1")
	} else if d.oneIn(6) {
		get.Host = "www.example.com"
	}
	if d.oneIn(4) {
		get.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: "a.example.com"}, {Name: "X-Probe", Value: pick(d, "1", "\"", "")}}
	}
	return corev1.ProbeHandler{HTTPGet: get}
}

func lifecycle(d *draft) {
	c := d.container()
	c.Lifecycle = &corev1.Lifecycle{}
	for _, field := range []**corev1.LifecycleHandler{&c.Lifecycle.PostStart, &c.Lifecycle.PreStop} {
		h := handler(d, c, pick(d, "http", "https", "tcp", "exec", "named"))
		*field = pick(d, nil, &corev1.LifecycleHandler{HTTPGet: h.HTTPGet, TCPSocket: h.TCPSocket, Exec: h.Exec})
	}
	if d.oneIn(5) {
		c.Lifecycle.PreStop = &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}
	}
}
