package files

// installation is a way to have Istio installed.
type installation struct {
	name     string
	revision string
	// compliance is a variable of istiod's environment.
	compliance string
	// untouched says that there are no templates but Istio's.
	untouched bool
	// set are flags as "istioctl install --set" takes them.
	set []string
	// config, values and mesh change the files where no flag does.
	config, values, mesh []change
}

type (
	object = map[string]any
	list   = []any
)

// installations are those that workloads meet. The first is met as often as all others.
var installations = []*installation{
	{name: "default"},
	{name: "untouched", untouched: true},
	{name: "cni", set: []string{"values.pilot.cni.enabled=true"}},
	{name: "multus", set: []string{"values.pilot.cni.enabled=true", "values.pilot.cni.provider=multus"}},
	{name: "hold", set: []string{"values.global.proxy.holdApplicationUntilProxyStarts=true"}},
	{name: "hold-mesh", set: []string{"meshConfig.defaultConfig.holdApplicationUntilProxyStarts=true"}},
	{name: "tproxy", set: []string{"meshConfig.defaultConfig.interceptionMode=TPROXY"}},
	{name: "tproxy-cni", set: []string{"meshConfig.defaultConfig.interceptionMode=TPROXY", "values.pilot.cni.enabled=true"}},
	{name: "no-interception", set: []string{"meshConfig.defaultConfig.interceptionMode=NONE"}},
	{name: "distroless", set: []string{"values.global.variant=distroless", "values.global.hub=registry.example.com:5000/mesh", "values.global.tag=1.2.3-debug"}},
	{name: "number-as-tag", values: []change{put(1.10, "global", "tag")}},
	{name: "image-type-mesh", set: []string{"meshConfig.defaultConfig.image.imageType=debug", "values.global.variant=distroless"}},
	{name: "images", set: []string{"values.global.proxy.image=other", "values.global.proxy_init.image=registry.example.com/init:3"}},
	{name: "pull-secrets", set: []string{"values.global.imagePullSecrets[0]=one", "values.global.imagePullSecrets[1]=two", "values.global.imagePullPolicy=Always"}},
	{name: "json-logs", set: []string{"values.global.logAsJson=true", "values.global.logging.level=all:warn", "values.global.proxy.logLevel=info", "values.global.proxy.componentLogLevel=http:debug"}},
	{name: "privileged", set: []string{"values.global.proxy.privileged=true", "values.global.proxy_init.forceApplyIptables=true"}},
	{name: "zipkin", set: []string{"values.global.proxy.tracer=zipkin", "meshConfig.defaultConfig.tracing.zipkin.address=zipkin.tracing:9411"}},
	{name: "datadog", set: []string{"values.global.proxy.tracer=datadog"}},
	{name: "lightstep", values: []change{put("lightstep", "global", "proxy", "tracer")}, mesh: []change{
		put(object{"lightstep": object{"address": "collector:8080", "accessToken": "token"}, "tlsSettings": object{"mode": "SIMPLE", "caCertificates": "/etc/certs/ca.pem"}}, "defaultConfig", "tracing"),
	}},
	{name: "otel", mesh: []change{put(list{object{"name": "otel", "opentelemetry": object{
		"service": "otel.example.com", "port": 4317, "serviceAttributeEnrichment": "OTEL_SEMANTIC_CONVENTIONS",
	}}}, "extensionProviders")}},
	{name: "revision", revision: "canary"},
	{name: "multicluster", set: []string{"values.global.meshID=mesh1", "values.global.network=net1", "values.global.multiCluster.clusterName=east", "values.global.trustDomain=td.example.com"}},
	{name: "traffic", set: []string{
		"values.global.proxy.includeIPRanges=127.0.0.1/24\\,10.96.0.1/24", "values.global.proxy.excludeIPRanges=10.96.0.2/24",
		"values.global.proxy.excludeInboundPorts=4\\,5\\,6", "values.global.proxy.includeInboundPorts=80\\,90",
		"values.global.proxy.excludeOutboundPorts=7\\,17", "values.global.proxy.includeOutboundPorts=8\\,9",
	}},
	{name: "traffic-cni", set: []string{
		"values.pilot.cni.enabled=true", "values.global.proxy.includeIPRanges=127.0.0.1/24", "values.global.proxy.excludeIPRanges=10.96.0.2/24",
		"values.global.proxy.excludeOutboundPorts=7\\,17", "values.global.proxy.includeOutboundPorts=8\\,9",
	}},
	{name: "status-port", set: []string{"values.global.proxy.statusPort=123", "values.global.proxy.readinessInitialDelaySeconds=100", "values.global.proxy.readinessPeriodSeconds=200", "values.global.proxy.readinessFailureThreshold=300"}},
	{name: "status-port-0", set: []string{"values.global.proxy.statusPort=0"}},
	{name: "status-port-mesh", set: []string{"meshConfig.defaultConfig.statusPort=15999"}},
	{name: "no-startup-probe", set: []string{"values.global.proxy.startupProbe.enabled=false"}},
	{name: "resources", set: []string{"values.global.proxy.resources.requests.cpu=7m", "values.global.proxy.resources.limits.memory=77Mi"}},
	{name: "null-resources", values: []change{put(nil, "global", "proxy", "resources", "limits", "cpu"), put(nil, "global", "proxy", "resources", "requests")}},
	{name: "no-resources", values: []change{drop("global", "proxy", "resources")}},
	{name: "lifecycle", values: []change{
		put(object{"preStop": object{"exec": object{"command": list{"sleep", "20"}}}}, "global", "proxy", "lifecycle"),
		put(object{"type": "RuntimeDefault"}, "global", "proxy", "seccompProfile"),
	}},
	{name: "certificates", set: []string{"values.global.mountMtlsCerts=true", "values.global.caAddress=ca.example.com:443", "values.global.caName=GkeWorkloadCertificate"}, values: []change{put("custom", "global", "pilotCertProvider")}},
	{name: "security-tokens", set: []string{"values.global.sts.servicePort=15463", "values.global.proxy.outlierLogPath=/var/log/outlier", "values.global.nativeNftables=true"}},
	{name: "bind-service", values: []change{put("true", "global", "proxy", "capNetBindService")}},
	{name: "no-prometheus", set: []string{"meshConfig.enablePrometheusMerge=false"}},
	{name: "no-probe-rewriting", set: []string{"values.sidecarInjectorWebhook.rewriteAppHTTPProbe=false"}},
	{name: "metadata", mesh: []change{
		put("metadata-value", "defaultConfig", "proxyMetadata", "PROXY_METADATA"),
		put("true", "defaultConfig", "proxyMetadata", "ISTIO_META_ENABLE_HBONE"),
		put("true", "defaultConfig", "proxyMetadata", "ISTIO_META_DNS_CAPTURE"),
	}},
	{name: "proxy-config", mesh: []change{
		put(3, "defaultConfig", "concurrency"), put("45s", "defaultConfig", "drainDuration"),
		put("istiod.elsewhere.svc:15012", "defaultConfig", "discoveryAddress"),
		put(object{"inclusionPrefixes": list{"cluster."}}, "defaultConfig", "proxyStatsMatcher"),
		put(object{"sampling": 12.5, "zipkin": object{"address": "z:9411"}}, "defaultConfig", "tracing"),
		put("true", "defaultConfig", "runtimeValues", "a.b"),
	}},
	{name: "mesh", mesh: []change{
		put("LOCALHOST", "inboundTrafficPolicy", "mode"), put(15101, "proxyListenPort"), put(15106, "proxyInboundListenPort"), put("td.local", "trustDomain"), put("istio-config", "rootNamespace"),
	}},
	{name: "policy-disabled", set: []string{"values.global.proxy.autoInject=disabled"}, config: []change{
		put(list{object{"matchLabels": object{"always": "yes"}}, object{"matchExpressions": list{object{"key": "tier", "operator": "In", "values": list{"front", "back"}}}}}, "alwaysInjectSelector"),
	}},
	{name: "policy-odd", config: []change{put("off", "policy")}},
	{name: "selectors", config: []change{
		put(list{object{}, object{"matchExpressions": list{object{"key": "never", "operator": "Exists"}}}, object{"matchExpressions": list{object{"key": "k", "operator": "Odd"}}}}, "neverInjectSelector"),
		put(list{object{"matchLabels": object{"always": "yes"}}}, "alwaysInjectSelector"),
	}},
	{name: "injected-annotations", config: []change{put(object{"container.apparmor.security.beta.kubernetes.io/istio-init": "unconfined", "istio.io/rev": "overwritten"}, "injectedAnnotations")}},
	{name: "default-templates", config: []change{put(list{"sidecar", "labels", "extra-container"}, "defaultTemplates")}},
	{name: "aliases", config: []change{
		put(list{"everything"}, "defaultTemplates"),
		put(object{"everything": list{"sidecar", "volumes"}, "sidecar-too": list{"sidecar"}, "nested": list{"everything"}, "labels": list{"security"}}, "aliases"),
	}},
	{name: "fips", compliance: "fips-140-3"},
	{name: "preview", set: []string{"profile=preview"}},
	{name: "demo", set: []string{"profile=demo"}},
	{name: "no-config-of-templates", config: []change{drop("defaultTemplates"), drop("aliases"), drop("injectedAnnotations")}},
}
