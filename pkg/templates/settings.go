package templates

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A text is printed by a template as a YAML string, whatever is in it. It may be
// compared with other texts and is false where it is empty.
type text string

func (t text) String() string { return quoted(string(t)) }

// effective is what holds for the sidecar of one pod: what the pod's annotations
// and labels ask for, or else what the values say. The embedded template reads it,
// so that it can be read as the YAML that it becomes.
type effective struct {
	// Native: the proxy is an init container. Hold: the application waits for it.
	Native, Hold bool
	// Redirected: there is traffic to redirect; TProxy: so that its source is kept.
	Redirected, TProxy bool
	// CNI: something else than istio-init redirects it. Multus: it is asked for by Networks.
	CNI, Multus bool
	Networks    text
	// LowPorts: the proxy listens on ports below 1024.
	LowPorts bool

	Image, InitImage                           text
	LogLevel, ComponentLogLevel, AgentLogLevel text
	Resources, InitResources                   string // JSON
	UID, GID                                   int64

	// What is redirected, in the words of istio-iptables.
	ListenPort, InboundListenPort        int32
	Mode                                 text
	OutboundRanges, NotOutboundRanges    text
	OutboundPorts, NotOutboundPorts      text
	InboundPorts, NotInboundPorts        text
	VirtualInterfaces, NotFromInterfaces text

	// Probed: the proxy answers on StatusPort, and is probed.
	Probed                                       bool
	StatusPort                                   text
	InitialDelaySeconds, PeriodSeconds, Failures int64

	// DefaultContainer and DefaultLogsContainer are the first application container,
	// where the pod does not say otherwise.
	DefaultContainer, DefaultLogsContainer text

	// Who the pod is to telemetry, and to the control plane.
	Name, Version, Workload, Owner text
	Applications, Ports            text
	Revision, MeshID, CAAddress    text
	TLSMode, Tunnel                text
	OTelAttributes                 text

	ProxyConfig text // JSON

	// Volumes and Mounts are those that the pod wants in addition.
	Bootstrap       text
	Volumes, Mounts []map[string]any
}

// settings returns what holds for the pod of data. It fails where an annotation
// that is to be JSON is none.
func settings(data *Data) (*effective, error) {
	if data == nil || data.ObjectMeta == nil || data.Spec == nil {
		return nil, errors.New("settings has to be given all of the data, as in settings $")
	}
	of := asking{meta: data.ObjectMeta, values: Values{data.Values}}
	result := &effective{
		UID:         cmp.Or(data.ProxyUID, defaultID),
		GID:         cmp.Or(data.ProxyGID, defaultID),
		ProxyConfig: text(protoToJSON(data.ProxyConfig)),
	}
	of.placement(result, data)
	of.redirection(result, data)
	of.process(result, data)
	of.readiness(result)
	of.identity(result, data)
	if err := of.resources(result); err != nil {
		return nil, err
	}
	return result, of.volumes(result)
}

const defaultID = 1337 // of the user and group that the proxy's image is made for

// asking looks a setting up in a pod's annotations, and then in the values.
type asking struct {
	meta   *metav1.ObjectMeta
	values Values
}

func (a asking) annotation(name string) text { return text(a.meta.Annotations[name]) }

// either returns the annotation, even where it is empty, or else the value at path.
func (a asking) either(name string, path ...string) text {
	if value, ok := a.meta.Annotations[name]; ok {
		return text(value)
	}
	return text(a.values.Text(path...))
}

// unless returns what is to be said, or nothing where the pod has the annotation.
func (a asking) unless(annotation, say string) text {
	if isset(a.meta.Annotations, annotation) {
		return ""
	}
	return text(say)
}

func (a asking) placement(to *effective, data *Data) {
	to.Native = data.NativeSidecars
	switch a.annotation("sidecar.istio.io/nativeSidecar") {
	case "true":
		to.Native = true
	case "false":
		to.Native = false
	}
	to.Hold = !to.Native && (data.ProxyConfig.GetHoldApplicationUntilProxyStarts().GetValue() ||
		a.values.Bool("global", "proxy", "holdApplicationUntilProxyStarts"))
	to.CNI = a.values.Bool("pilot", "cni", "enabled")
	if to.CNI && a.values.Text("pilot", "cni", "provider") == "multus" {
		to.Multus = true
		to.Networks = text(appendMultusNetwork(a.meta.Annotations["k8s.v1.cni.cncf.io/networks"], "default/istio-cni"))
	}
}

func (a asking) redirection(to *effective, data *Data) {
	to.Mode = cmp.Or(a.annotation("sidecar.istio.io/interceptionMode"), text(data.ProxyConfig.GetInterceptionMode().String()))
	to.Redirected = to.Mode != "NONE"
	to.TProxy = to.Mode == "TPROXY"
	to.ListenPort = cmp.Or(data.MeshConfig.GetProxyListenPort(), 15001)
	to.InboundListenPort = cmp.Or(data.MeshConfig.GetProxyInboundListenPort(), 15006)
	to.OutboundRanges = a.either("traffic.sidecar.istio.io/includeOutboundIPRanges", "global", "proxy", "includeIPRanges")
	to.NotOutboundRanges = a.either("traffic.sidecar.istio.io/excludeOutboundIPRanges", "global", "proxy", "excludeIPRanges")
	to.OutboundPorts = a.either("traffic.sidecar.istio.io/includeOutboundPorts", "global", "proxy", "includeOutboundPorts")
	to.NotOutboundPorts = a.either("traffic.sidecar.istio.io/excludeOutboundPorts", "global", "proxy", "excludeOutboundPorts")
	to.InboundPorts = a.either("traffic.sidecar.istio.io/includeInboundPorts", "global", "proxy", "includeInboundPorts")
	to.VirtualInterfaces = cmp.Or(
		a.annotation("istio.io/reroute-virtual-interfaces"), a.annotation("traffic.sidecar.istio.io/kubevirtInterfaces"))
	to.NotFromInterfaces = a.annotation("traffic.sidecar.istio.io/excludeInterfaces")
	to.StatusPort = a.either("status.sidecar.istio.io/port", "global", "proxy", "statusPort")
	to.Probed = to.StatusPort != "0"
	excluded := a.either("traffic.sidecar.istio.io/excludeInboundPorts", "global", "proxy", "excludeInboundPorts")
	to.NotInboundPorts = text(excludeInboundPort(string(to.StatusPort), string(excluded)))
}

func (a asking) process(to *effective, data *Data) {
	to.LowPorts = a.either("sidecar.istio.io/capNetBindService", "global", "proxy", "capNetBindService") == "true"
	to.Image, to.InitImage = text(data.ProxyImage), text(data.ProxyInitImage)
	// Only a name with a slash in it is a whole reference.
	if image := a.either("sidecar.istio.io/proxyImage", "global", "proxy", "image"); strings.Contains(string(image), "/") {
		to.Image = image
	}
	if image := a.either("sidecar.istio.io/proxyImage", "global", "proxy_init", "image"); strings.Contains(string(image), "/") {
		to.InitImage = image
	}
	to.LogLevel = a.either("sidecar.istio.io/logLevel", "global", "proxy", "logLevel")
	to.ComponentLogLevel = a.either("sidecar.istio.io/componentLogLevel", "global", "proxy", "componentLogLevel")
	to.AgentLogLevel = a.either("sidecar.istio.io/agentLogLevel", "global", "logging", "level")
}

func (a asking) readiness(to *effective) {
	to.InitialDelaySeconds = a.number("readiness.status.sidecar.istio.io/initialDelaySeconds", "readinessInitialDelaySeconds")
	to.PeriodSeconds = a.number("readiness.status.sidecar.istio.io/periodSeconds", "readinessPeriodSeconds")
	to.Failures = a.number("readiness.status.sidecar.istio.io/failureThreshold", "readinessFailureThreshold")
}

// number returns the annotation, or the value of the proxy where that is no number.
func (a asking) number(name, key string) int64 {
	if asked, err := strconv.ParseInt(a.meta.Annotations[name], 10, 32); err == nil {
		return asked
	}
	given, err := strconv.ParseInt(a.values.Text("global", "proxy", key), 10, 32)
	if err != nil {
		return 0
	}
	return given
}

func (a asking) identity(to *effective, data *Data) {
	labels := a.meta.Labels
	to.Revision = text(cmp.Or(data.Revision, "default"))
	to.MeshID = text(cmp.Or(a.values.Text("global", "meshID"), data.MeshConfig.GetTrustDomain()))
	to.CAAddress = text(cmp.Or(a.values.Text("global", "caAddress"), data.ProxyConfig.GetDiscoveryAddress()))
	to.Name = text(canonicalName(labels, data.DeploymentMeta.Name))
	to.Version = text(canonicalRevision(labels))
	to.Workload = text(cmp.Or(labels["service.istio.io/workload-name"], data.DeploymentMeta.Name))
	if data.TypeMeta.APIVersion != "" && data.DeploymentMeta.Name != "" {
		to.Owner = text("kubernetes://apis/" + data.TypeMeta.APIVersion +
			"/namespaces/" + cmp.Or(data.DeploymentMeta.Namespace, "default") +
			"/" + strings.ToLower(data.TypeMeta.Kind) + "s/" + data.DeploymentMeta.Name)
	}
	names := containerNames(data.Spec)
	if len(names) > 0 {
		to.DefaultContainer = a.unless("kubectl.kubernetes.io/default-container", names[0])
		to.DefaultLogsContainer = a.unless("kubectl.kubernetes.io/default-logs-container", names[0])
	}
	to.Applications = text(strings.Join(names, ","))
	to.Ports = text(containerPorts(data.Spec))
	to.TLSMode = text(cmp.Or(labels["security.istio.io/tlsMode"], "istio"))
	if data.ProxyConfig.GetProxyMetadata()["ISTIO_META_ENABLE_HBONE"] == "true" {
		to.Tunnel = text(cmp.Or(labels["networking.istio.io/tunnel"], "http"))
	}
	to.OTelAttributes = text(otelResourceAttributes(
		data.MeshConfig, a.meta.Annotations, labels, data.DeploymentMeta.Namespace, data.Spec.Containers))
}

func (a asking) resources(to *effective) error {
	var err error
	if to.Resources, err = proxyResources(a.meta, a.values.at([]string{"global", "proxy", "resources"})); err != nil {
		return err
	}
	to.InitResources = to.Resources
	own, _ := a.values.at([]string{"global", "proxy_init", "resources"}).(map[string]any)
	if len(own) > 0 {
		to.InitResources, err = literal(own)
	}
	return err
}

func (a asking) volumes(to *effective) error {
	to.Bootstrap = a.annotation("sidecar.istio.io/bootstrapOverride")
	var err error
	if to.Volumes, err = a.objects("sidecar.istio.io/userVolume"); err != nil {
		return err
	}
	to.Mounts, err = a.objects("sidecar.istio.io/userVolumeMount")
	return err
}
