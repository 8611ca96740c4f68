package gen

import "fmt"

// annotation is one that injectors look at, with values that are valid.
type annotation struct {
	key    string
	values []string
}

var trafficAnnotations = []annotation{
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", []string{"*", "", "127.0.0.1/24,10.96.0.1/24", "::/0"}},
	{"traffic.sidecar.istio.io/excludeOutboundIPRanges", []string{"", "10.96.0.2/24,10.96.0.3/24"}},
	{"traffic.sidecar.istio.io/includeInboundPorts", []string{"*", "", "1,2,3", " 80 , 90 "}},
	{"traffic.sidecar.istio.io/excludeInboundPorts", []string{"", "4,5,6", "15020", "15090, 4", " 7"}},
	{"traffic.sidecar.istio.io/excludeOutboundPorts", []string{"", "7,8,9"}},
	{"traffic.sidecar.istio.io/includeOutboundPorts", []string{"", "10,11"}},
	{"traffic.sidecar.istio.io/kubevirtInterfaces", []string{"net1", "net1,net2", ""}},
	{"istio.io/reroute-virtual-interfaces", []string{"net3", "net3,net4"}},
	{"traffic.sidecar.istio.io/excludeInterfaces", []string{"eth1", "eth1,eth2", ""}},
}

var resourceAnnotations = []annotation{
	{"sidecar.istio.io/proxyCPU", []string{"100m", "0.2", "2", "-1"}},
	{"sidecar.istio.io/proxyMemory", []string{"1Gi", "128Mi", "1e6"}},
	{"sidecar.istio.io/proxyCPULimit", []string{"500m", "3"}},
	{"sidecar.istio.io/proxyMemoryLimit", []string{"2Gi", "0"}},
}

var imageAnnotations = []annotation{
	{"sidecar.istio.io/proxyImage", []string{"docker.io/mine/proxy:1", "proxy-without-slash", "", "a/b@sha256:0"}},
	{"sidecar.istio.io/proxyImageType", []string{"debug", "distroless", "default", "odd", ""}},
}

var logAnnotations = []annotation{
	{"sidecar.istio.io/logLevel", []string{"debug", ""}},
	{"sidecar.istio.io/componentLogLevel", []string{"misc:error,http:debug", "upstream:info"}},
	{"sidecar.istio.io/agentLogLevel", []string{"default:debug", "dns:debug,all:warn"}},
}

var statusAnnotations = []annotation{
	{"status.sidecar.istio.io/port", []string{"15021", "123", "0", "15020", ""}},
	{"readiness.status.sidecar.istio.io/initialDelaySeconds", []string{"100", "0"}},
	{"readiness.status.sidecar.istio.io/periodSeconds", []string{"200", "1"}},
	{"readiness.status.sidecar.istio.io/failureThreshold", []string{"300"}},
	{"readiness.status.sidecar.istio.io/applicationPorts", []string{"1,2,3", "", "8080"}},
	{"sidecar.istio.io/rewriteAppHTTPProbers", []string{"true", "false", "false", "0", "odd"}},
}

var volumeAnnotations = []annotation{
	{"sidecar.istio.io/userVolume", []string{`{"own": {"emptyDir": {}}, "data": {"persistentVolumeClaim": {"claimName": "c"}}}`, `{}`}},
	{"sidecar.istio.io/userVolumeMount", []string{`{"own": {"mountPath": "/mnt", "readOnly": true}}`, `{}`}},
	{"sidecar.istio.io/bootstrapOverride", []string{"bootstrap", "a-b"}},
}

var otherAnnotations = []annotation{
	{"sidecar.istio.io/capNetBindService", []string{"true", "false", "odd"}},
	{"prometheus.istio.io/merge-metrics", []string{"true", "false", "f"}},
	{"kubectl.kubernetes.io/default-container", []string{"main", "other", ""}},
	{"kubectl.kubernetes.io/default-logs-container", []string{"main", ""}},
	{"istio.io/rev", []string{"canary", "other"}},
	{"apm.datadoghq.com/env", []string{`{"DD_ENV":"prod","DD_SERVICE":"web"}`, `{}`}},
	{"resource.opentelemetry.io/service.namespace", []string{"ns", ""}},
	{"resource.opentelemetry.io/service.version", []string{"v9"}},
	{"resource.opentelemetry.io/service.instance.id", []string{"id"}},
	{"sidecar.istio.io/statsInclusionPrefixes", []string{"cluster."}},
	{"sidecar.istio.io/extraStatTags", []string{"a,b"}},
	{"sidecar.istio.io/discoveryAddress", []string{"istiod.x:15012"}},
	{"inject.istio.io/unheard", []string{"x"}},
	{"proxy.istio.io/unheard", []string{"x"}},
	{"cluster-autoscaler.kubernetes.io/safe-to-evict", []string{"true"}},
}

var multusAnnotations = []annotation{
	{"k8s.v1.cni.cncf.io/networks", []string{
		"", "other", "a, b", "default/istio-cni", "x,default/istio-cni", `[{"name":"other"}]`, `[{"name":"istio-cni","namespace":"default"}]`,
		`[{"name":"istio-cni"}]`, `[]`, `[ { "name" : "o", "ips": [ "1.2.3.4" ] } ]`, `[not json]`, `{"name":"x"}`, `[1]`, `[] trailing`,
	}},
}

// annotationsOf gives the pod one or two annotations of a list.
func annotationsOf(from []annotation) func(*draft) {
	return func(d *draft) {
		for range d.between(1, 2) {
			a := pick(d, from...)
			d.note(a.key)
			d.annotate(a.key, pick(d, a.values...))
		}
	}
}

// invalidAnnotation gives the pod a value that is wrong, or nearly so.
func invalidAnnotation(d *draft) {
	a := pick(d, []annotation{
		{"traffic.sidecar.istio.io/includeOutboundIPRanges", []string{"10.0.0.0", "*,10.0.0.0/8", "a/b", "10.0.0.0/8, 11.0.0.0/8", "10.0.0.0/33"}},
		{"traffic.sidecar.istio.io/excludeOutboundIPRanges", []string{"*", "x", ","}},
		{"traffic.sidecar.istio.io/includeInboundPorts", []string{"1,x", "65536", "-1", "*,1", "1,,2", ","}},
		{"traffic.sidecar.istio.io/excludeInboundPorts", []string{"*", "x"}},
		{"traffic.sidecar.istio.io/excludeOutboundPorts", []string{"*", "70000"}},
		{"traffic.sidecar.istio.io/includeOutboundPorts", []string{"x", "1 2", "70000", "*"}},
		{"traffic.sidecar.istio.io/kubevirtInterfaces", []string{"a-name-that-is-too-long", "a b", "a,,b", "a;b"}},
		{"istio.io/reroute-virtual-interfaces", []string{"a-name-that-is-too-long", "$x"}},
		{"traffic.sidecar.istio.io/excludeInterfaces", []string{"a/b", "é", "a, b"}},
		{"sidecar.istio.io/interceptionMode", []string{"tproxy", "off", ""}},
		{"sidecar.istio.io/proxyCPU", []string{"much", "", "1 ", "1\t"}},
		{"sidecar.istio.io/proxyMemoryLimit", []string{"1GB", "1Gi\n"}},
		{"status.sidecar.istio.io/port", []string{"x", "70000", "-1", " 1"}},
		{"readiness.status.sidecar.istio.io/initialDelaySeconds", []string{"-1", "1s", "4294967296"}},
		{"readiness.status.sidecar.istio.io/periodSeconds", []string{"x"}},
		{"prometheus.istio.io/merge-metrics", []string{"yes", ""}},
		{"sidecar.istio.io/userVolume", []string{"{", "1", "null", "\"x\"", `[{"name": "own", "emptyDir": {}}]`}},
		{"sidecar.istio.io/userVolumeMount", []string{"[", "no", `[{"name": "own", "mountPath": "/mnt"}]`}},
		{"proxy.istio.io/config", []string{"{", "concurrency: many", "- list", "drainDuration: 5", "tracing: 1", ": :", "concurrency: -1"}},
		{"proxy.istio.io/overrides", []string{"{", "[]", `{"containers": 1}`}},
	}...)
	d.note(a.key)
	d.annotate(a.key, pick(d, a.values...))
}

func hostileAnnotation(d *draft) {
	key := pick(d, "sidecar.istio.io/logLevel", "sidecar.istio.io/agentLogLevel", "sidecar.istio.io/componentLogLevel", "sidecar.istio.io/proxyImage",
		"sidecar.istio.io/proxyImageType", "sidecar.istio.io/bootstrapOverride", "traffic.sidecar.istio.io/includeOutboundPorts", "inject.istio.io/templates",
		"apm.datadoghq.com/env", "resource.opentelemetry.io/service.version", "kubectl.kubernetes.io/default-container", "sidecar.istio.io/capNetBindService",
		"k8s.v1.cni.cncf.io/networks", "prometheus.io/path", "prometheus.io/scrape", "sidecar.istio.io/nativeSidecar", "sidecar.istio.io/rewriteAppHTTPProbers")
	d.note(key)
	d.annotate(key, pick(d, hostile...))
}

var proxyConfigTexts = []string{
	"holdApplicationUntilProxyStarts: true",
	"holdApplicationUntilProxyStarts: false",
	"concurrency: 5\ndiscoveryAddress: istiod.x:15012",
	`{"concurrency": 0}`,
	"interceptionMode: TPROXY",
	"interceptionMode: NONE",
	"statusPort: 15999",
	"image: {imageType: debug}",
	"image:\n  imageType: distroless",
	"proxyMetadata:\n  OWN: \"1\"\n  ISTIO_META_ENABLE_HBONE: \"true\"",
	"proxyMetadata: {PROXY_METADATA: 'a \"quoted\" <&>'}",
	"tracing:\n  zipkin:\n    address: z:1\n  sampling: 1.5\n  customTags:\n    a: {literal: {value: x}}",
	"tracing:\n  tlsSettings:\n    mode: SIMPLE\n    caCertificates: /etc/ca.pem\n  lightstep: {address: \"l:1\", accessToken: t}",
	"drainDuration: 1m5s\nterminationDrainDuration: 0.5s",
	"terminationDrainDuration: 5s",
	"unheardOf: 1\nconcurrency: 1",
	"proxyStatsMatcher:\n  inclusionRegexps: [\".*a<b\"]\nextraStatTags: [w, x]",
	"envoyAccessLogService: {address: \"als:1\", tlsSettings: {mode: ISTIO_MUTUAL}}",
	"envoyMetricsService: {address: \"ms:1\"}",
	"readinessProbe:\n  httpGet: {path: /ready, port: 1}\n  periodSeconds: 3",
	"serviceCluster: other\nbinaryPath: /bin/envoy\nconfigPath: /etc/x",
	"tracingServiceName: CANONICAL_NAME_ONLY",
	"privateKeyProvider: {cryptomb: {pollDelay: 10ms}}",
	"caCertificatesPem: [\"-----BEGIN\"]\nzipkinAddress: old:9411",
	"runtimeValues: {a.b: \"1\"}\ngatewayTopology: {numTrustedProxies: 2}",
	"environmentVariables: {A: b}", "proxyHeaders: {server: {disabled: true}}", "fileFlushInterval: 1s\nfileFlushMinSizeKb: 3", "",
	"{}", "# nothing", "null", "statNameLength: 99\nproxyAdminPort: 15001", "controlPlaneAuthPolicy: MUTUAL_TLS", "sds: {}", "meshId: m",
}

func proxyConfigAnnotation(d *draft) {
	i := d.IntN(len(proxyConfigTexts))
	d.note(fmt.Sprint(i))
	d.annotate("proxy.istio.io/config", proxyConfigTexts[i])
}

// prometheus gives the pod annotations for scraping, spelt in one of the ways that
// Prometheus takes for the same.
func prometheus(d *draft) {
	spell := pick(d, "prometheus.io/%s", "prometheus.io/%s", "prometheus.io.%s", "prometheus-io/%s", "prometheus_io_%s")
	set := func(name string, values ...string) {
		if d.oneIn(2) {
			d.note(name)
			d.annotate(fmt.Sprintf(spell, name), pick(d, values...))
		}
	}
	set("scrape", "true", "true", "false", "", "yes")
	set("port", "80", "9090", "15020", "15090", "x", "", "70000", "0")
	set("path", "/metrics", "metrics", "", "/a?b=<c>&\"d\"")
	set("scheme", "https")
	if d.oneIn(4) {
		d.note("scrape-targets")
		d.annotate(pick(d, "prometheus.istio.io/scrape-targets", "prometheus_istio_io_scrape_targets"),
			pick(d, "8080:/metrics,9090:/stats", "8080", "8080:", ":/x", "15090:/stats", "8080:/a,,9090:/b", "x:/y", "", " 1:/a , 2:/b ", "80:/a:b", "15020:/x", "70000:/x"))
	}
	if d.oneIn(8) {
		d.annotate("prometheus.istio.io/secure-port", pick(d, "15091", ""))
	}
	if d.oneIn(5) {
		d.annotate("prometheus.io/port", pick(d, "81", "15020"))
	}
}
