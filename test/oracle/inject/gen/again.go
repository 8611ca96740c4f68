package gen

// statusAnnotation says that the pod was injected before.
func statusAnnotation(d *draft) {
	d.annotate("sidecar.istio.io/status", pick(d,
		`{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":["istio-envoy"],"imagePullSecrets":null,"revision":"default"}`,
		`{"initContainers":["istio-init"],"containers":["istio-proxy"],"volumes":["istio-envoy"],"imagePullSecrets":null,"revision":"default"}`,
		`{"containers":["istio-proxy","main"]}`,
		`{"containers":"istio-proxy"}`, `{"containers":[1]}`, `{"initContainers":{}}`, `{"containers":[null]}`,
		`[]`, `null`, `{}`, ``, `garbage`, `{"version":"abc"}`, `1`,
	))
	if d.oneIn(3) {
		d.annotate("prometheus.io/port", "15020")
		d.annotate("prometheus.io/scrape", "true")
		d.annotate("prometheus.io/path", "/stats/prometheus")
	}
}

// overridesAnnotation remembers what the user had said of the containers.
func overridesAnnotation(d *draft) {
	d.annotate("proxy.istio.io/overrides", pick(d,
		`{"containers":[{"name":"istio-proxy","image":"auto","resources":{"requests":{"cpu":"1"}}}]}`,
		`{"initContainers":[{"name":"istio-proxy","resources":{},"env":[{"name":"OVERRIDDEN","value":"1"}]}]}`,
		`{"containers":[{"name":"other","image":"other","resources":{}}]}`,
		`{"initContainers":[{"name":"istio-init","args":["x"],"resources":{}}]}`,
		`{}`, `null`, `{"containers":null}`, `{"containers":[{}]}`,
	))
}
