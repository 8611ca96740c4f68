package gen

// features are all that a workload can have, in the order in which they are added: what
// a pod is made of before what is said of it.
var features = []feature{
	{"kind/list", 12, func(d *draft) { d.list = true }},
	{"kind/other-documents", 10, otherDocuments},
	{"kind/not-known", 60, func(d *draft) { d.kind, d.apiVersion = "Rollout", "argoproj.io/v1alpha1" }},
	{"kind/retired", 60, retired},
	{"pod/name", 8, func(d *draft) { d.name = pick(d, "web-0", "a.b.c", "w", "web-1234567890", "-_odd-name_-") }},
	{"pod/namespace-in-template", 12, func(d *draft) { d.podNamespace = pick(d, "shop", "kube-system", "other") }},
	{"pod/ignored-namespace", 40, func(d *draft) { d.namespace = pick(d, "kube-system", "kube-public") }},
	{"pod/owner", 3, owner},
	{"pod/no-labels", 15, func(d *draft) { d.meta.Labels = nil }},

	{"container/second", 4, secondContainer},
	{"container/several", 12, severalContainers},
	{"container/init", 4, initContainers},
	{"container/native-init", 12, nativeInit},
	{"container/only-proxy", 40, func(d *draft) { d.spec.Containers[0].Name = proxy }},
	{"container/ports", 2, ports},
	{"container/env", 6, environment},
	{"container/security", 10, containerSecurity},
	{"container/resources", 10, containerResources},
	{"container/volumes", 6, volumes},
	{"container/injected-name", 20, injectedName},
	{"container/hostile", 25, hostileContainer},

	{"probe/http", 3, probes("http")},
	{"probe/https", 8, probes("https")},
	{"probe/tcp", 6, probes("tcp")},
	{"probe/grpc", 6, probes("grpc")},
	{"probe/exec", 12, probes("exec")},
	{"probe/named-port", 8, probes("named")},
	{"probe/localhost", 25, probes("localhost")},
	{"probe/lifecycle", 8, lifecycle},

	{"proxy/container", 7, userProxy(false)},
	{"proxy/init-container", 14, userProxy(true)},
	{"proxy/istio-init", 20, userInit},

	{"spec/host-network", 40, func(d *draft) { d.spec.HostNetwork = true }},
	{"spec/security", 10, podSecurity},
	{"spec/volumes-same-name", 12, sameVolumes},
	{"spec/pull-secrets", 12, pullSecrets},
	{"spec/scheduling", 10, scheduling},
	{"spec/service-account", 10, serviceAccount},
	{"spec/dns", 12, dns},
	{"spec/windows", 40, windows},

	{"label/names", 4, labelNames},
	{"label/mesh", 10, labelMesh},
	{"label/selectors", 6, labelSelectors},
	{"label/inject", 10, labelInject},
	{"label/hostile", 25, hostileLabels},

	{"annotation/inject", 15, func(d *draft) { d.annotate("sidecar.istio.io/inject", pick(d, "true", "false", "", "yes", "True")) }},
	{"annotation/native", 5, func(d *draft) {
		d.annotate("sidecar.istio.io/nativeSidecar", pick(d, "true", "false", "true", "false", "maybe", ""))
	}},
	{"annotation/interception", 8, func(d *draft) {
		d.annotate("sidecar.istio.io/interceptionMode", pick(d, "TPROXY", "TPROXY", "TPROXY", "NONE", "NONE", "REDIRECT"))
	}},
	{"annotation/traffic", 4, annotationsOf(trafficAnnotations)},
	{"annotation/resources", 8, annotationsOf(resourceAnnotations)},
	{"annotation/image", 8, annotationsOf(imageAnnotations)},
	{"annotation/logging", 8, annotationsOf(logAnnotations)},
	{"annotation/status-port", 8, annotationsOf(statusAnnotations)},
	{"annotation/volumes", 12, annotationsOf(volumeAnnotations)},
	{"annotation/other", 6, annotationsOf(otherAnnotations)},
	{"annotation/proxy-config", 5, proxyConfigAnnotation},
	{"annotation/multus", 12, annotationsOf(multusAnnotations)},
	{"annotation/prometheus", 4, prometheus},
	{"annotation/invalid", 15, invalidAnnotation},
	{"annotation/hostile", 30, hostileAnnotation},
	{"annotation/user", 4, func(d *draft) {
		d.annotate("example.com/"+pick(d, "note", "a b", "z"), pick(d, "", "x", "a: b", "{}", "é\t"))
	}},
	{"annotation/status", 50, statusAnnotation},
	{"annotation/overrides", 40, overridesAnnotation},

	{"template/istio", 8, istioTemplates},
	{"template/custom", 5, customTemplates},
	{"template/odd", 30, oddTemplates},

	{"webhook/path", 6, urlPath},
	{"webhook/proxy-configs", 5, proxyConfigs},
}
