package mutate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	meshconfig "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshward/meshward/pkg/templates"
)

// Config is what the sidecars of a mesh have in common. Its zero value stands
// for the embedded templates with their default values.
type Config struct {
	// Templates are those that pods may ask for, and who is injected with them; nil
	// stands for templates.Embedded().
	Templates *templates.Config
	// Values are the templates'; nil stands for templates.DefaultValues().
	Values *templates.Values
	// Mesh is the mesh's own configuration; nil stands for templates.DefaultMesh().
	Mesh *meshconfig.MeshConfig
	// ProxyConfigs are the resources that change it for some; none where nil.
	ProxyConfigs *ProxyConfigs
	// Revision names the control plane that the pods join; "" stands for "default".
	Revision string
	// NativeSidecars runs the proxy as an init container that stays, which every node
	// has to be able to do: Kubernetes 1.29 at least. NativeJobs does so for Jobs and
	// CronJobs, which would never complete otherwise.
	NativeSidecars, NativeJobs bool
	// Files is for workloads in files, where no cluster tells what istiod would know:
	// what proxy.istio.io/config says counts for the mesh, and only the template named
	// sidecar is used unless the pod asks for others.
	Files bool
	// OpenShift is for clusters whose own admission writes users into all containers.
	OpenShift bool
	// CompliancePolicy is what istiod's environment variable COMPLIANCE_POLICY says: the
	// rules that the proxy's cryptography has to keep; "" for none.
	CompliancePolicy string
}

// An Injector makes the patches that add sidecars. It may be used by several
// goroutines at once.
type Injector struct {
	Config

	// Warnings are what is odd about the configuration, in one line each.
	Warnings []string

	memory *memory
}

// New returns an injector for config. It fails where a sample pod cannot be injected: a
// template that does not fit its values is found out here, not when a pod arrives.
func New(config Config) (*Injector, error) {
	if config.Templates == nil {
		config.Templates = templates.Embedded()
	}
	if config.Values == nil {
		values := templates.DefaultValues()
		config.Values = &values
	}
	if config.Mesh == nil {
		config.Mesh = templates.DefaultMesh()
	}
	if config.Files {
		config.Templates = forFiles(config.Templates)
	}
	config.Templates = config.Templates.For(*config.Values)
	injector := &Injector{Config: config, Warnings: slices.Clone(config.Templates.Warnings), memory: newMemory()}
	if err := injector.trySample(); err != nil {
		return nil, fmt.Errorf("the injection templates and their values do not fit together: %w", err)
	}
	return injector, nil
}

// forFiles is a configuration as workloads in files are injected with it: all of them, and
// with the template that every configuration has.
func forFiles(config *templates.Config) *templates.Config {
	files := *config
	files.Policy = policyEnabled
	files.NeverInject, files.AlwaysInject = nil, nil
	files.DefaultTemplates, files.Aliases = []string{"sidecar"}, nil
	return &files
}

// A Request asks for one pod to be injected.
type Request struct {
	// Raw is the pod's JSON, and Pod what Decode made of it.
	Raw []byte
	Pod *corev1.Pod
	// Workload is what the pod is one of.
	Workload Workload
	// Variables are environment variables of the proxy, as VariablesOf returns them.
	Variables map[string]string
	// Namespace is what the pod's namespace says of itself; nil where it is not known.
	Namespace *metav1.ObjectMeta
}

// An Injection is what becomes of a pod. It is shared between pods that are alike: it must
// not be changed.
type Injection struct {
	Patch Patch
	// Warnings are lines of text for whoever created the pod.
	Warnings []string
}

// Inject returns the patch that adds the sidecar. Whether the pod should get one is for
// Decide to say.
//
// The patch changes what the templates name, and the probes and the annotations that the
// proxy's agent answers for; whatever else the pod holds survives, known here or not. It
// fails where a template does not work for the pod, or does not exist, and where an
// annotation has a value that the proxy could not take.
func (in *Injector) Inject(r Request) (Injection, error) {
	key := keys.Get().(*[]byte)
	defer keys.Put(key)
	token := tokenVolume(r.Pod)
	*key = r.key((*key)[:0], token)
	if known, is := in.memory.recall(*key, token); is {
		return known, nil
	}
	injection, err := in.inject(&r)
	if err != nil {
		of := r.Workload
		return Injection{}, fmt.Errorf("%s %s/%s: cannot inject a sidecar: %w", of.Kind, of.Namespace, cmp.Or(of.Name, r.Pod.GenerateName), err)
	}
	in.memory.keep(*key, token, injection)
	return injection, nil
}

// keys holds buffers for what injections depend on, each some 4 KB.
var keys = sync.Pool{New: func() any { return new([]byte) }}

func (in *Injector) inject(r *Request) (Injection, error) {
	if err := checkAnnotations(r.Pod.Annotations); err != nil {
		return Injection{}, err
	}
	kept, err := keptOverrides(r.Pod)
	if err != nil {
		return Injection{}, err
	}
	mesh, proxy, warnings, err := in.configOf(r)
	if err != nil {
		return Injection{}, err
	}
	d := newDraft(r.Raw, r.Pod)
	if in.OpenShift {
		d.dropAssignedUser()
	}
	names, err := d.render(in, in.data(r, kept, mesh, proxy))
	if err != nil {
		return Injection{}, err
	}
	if err := d.override(kept, names); err != nil {
		return Injection{}, err
	}
	d.runAsProxy(proxy.GetInterceptionMode() == meshconfig.ProxyConfig_TPROXY || d.annotations[interceptionAnnotation] == tproxyMode)
	d.locate(located(*in.Values, r.Variables, r.Pod.Labels))
	if err := d.mergePrometheus(mergesMetrics(mesh), mesh.GetDefaultConfig().GetStatusPort()); err != nil {
		return Injection{}, err
	}
	d.tellSecurePort()
	if in.rewrites(d.annotations) {
		warnings = append(warnings, d.rewriteProbes(agentPort(d.annotations, mesh), mesh.GetDefaultConfig().GetStatusPort())...)
	}
	in.mark(d, r, names)
	d.order(in.holds(proxy))
	if !in.Files {
		d.mountToken()
	}
	patch, err := d.patch()
	return Injection{Patch: patch, Warnings: append(warnings, d.doubts(r.Namespace)...)}, err
}

// data is what the templates see of the pod.
func (in *Injector) data(r *Request, kept overrides, mesh *meshconfig.MeshConfig, proxy *meshconfig.ProxyConfig) *templates.Data {
	meta := r.Pod.ObjectMeta
	if !in.Files {
		meta.Namespace = cmp.Or(meta.Namespace, r.Workload.Namespace) // as templates expect it
	}
	uid, gid := proxyIDs(r.Namespace)
	return &templates.Data{
		TypeMeta:                 metav1.TypeMeta{APIVersion: r.Workload.APIVersion, Kind: r.Workload.Kind},
		DeploymentMeta:           types.NamespacedName{Namespace: r.Workload.Namespace, Name: r.Workload.Name},
		ObjectMeta:               &meta,
		Spec:                     kept.shownTo(&r.Pod.Spec),
		ProxyConfig:              proxy,
		MeshConfig:               mesh,
		Values:                   in.Values.Map(),
		Revision:                 in.Revision,
		NativeSidecars:           in.native(r.Workload),
		ProxyImage:               in.Values.ProxyImage(proxy.GetImage(), r.Pod.Annotations),
		ProxyInitImage:           in.Values.ProxyInitImage(r.Pod.Annotations),
		ProxyUID:                 uid,
		ProxyGID:                 gid,
		InboundTrafficPolicyMode: inboundPolicy(mesh),
		CompliancePolicy:         in.CompliancePolicy,
	}
}

// native reports whether the proxies of a workload are init containers that stay.
func (in *Injector) native(of Workload) bool {
	return in.NativeSidecars || in.NativeJobs && (of.Kind == "Job" || of.Kind == "CronJob")
}

func inboundPolicy(mesh *meshconfig.MeshConfig) string {
	if mesh.GetInboundTrafficPolicy().GetMode() == meshconfig.MeshConfig_InboundTrafficPolicy_LOCALHOST {
		return "localhost"
	}
	return "passthrough"
}

// render lays the templates that the pod asks for over the draft, one after the other, and
// returns what they come to by themselves.
func (d *draft) render(in *Injector, data *templates.Data) (*rendered, error) {
	selected, err := in.Templates.Select(d.pod.Annotations)
	if err != nil {
		return nil, err
	}
	all := newRendered()
	for _, template := range selected {
		overlay, err := template.Render(data)
		if err != nil {
			return nil, err
		}
		if all.initContainers.find(proxyContainer) != nil {
			if overlay, err = overlay.Native(proxyContainer); err != nil {
				return nil, err
			}
		}
		native := nativeIn(d.annotations, data.NativeSidecars) && overlay.HasInit(proxyContainer)
		for _, pod := range []*draft{&all.draft, d} {
			if native {
				if err := pod.makeNative(); err != nil {
					return nil, err
				}
			}
			if err := pod.lay(overlay); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// nativeIn reports whether a pod that customises its proxy means a native one.
func nativeIn(annotations map[string]string, byDefault bool) bool {
	switch annotations[nativeAnnotation] {
	case "true":
		return true
	case "false":
		return false
	default:
		return byDefault
	}
}

// makeNative moves an istio-proxy among the containers, which customises that of the template,
// to where the template has it.
func (d *draft) makeNative() error {
	moved, found := d.containers.take(proxyContainer)
	if !found {
		return nil
	}
	value, err := moved.now(func() (json.RawMessage, error) { return d.writtenAt(d.containers.field, moved.from) })
	if err != nil {
		return err
	}
	moved.value, moved.edits, moved.from = value, nil, -1
	d.initContainers.items = append(d.initContainers.items, moved)
	return nil
}

// revision is the name of the revision that the injector is for.
func (in *Injector) revision() string { return cmp.Or(in.Revision, "default") }

// mark writes down that the pod is injected, and with what.
func (in *Injector) mark(d *draft, r *Request, names *rendered) {
	if network, known := located(*in.Values, r.Variables, r.Pod.Labels)[networkVariable]; known {
		d.labels[networkLabel] = network
	}
	d.annotations[statusAnnotation] = names.status(in.revision())
	if in.Files {
		return
	}
	maps.Copy(d.annotations, in.Templates.InjectedAnnotations)
}

// holds reports whether the application waits for the proxy.
func (in *Injector) holds(proxy *meshconfig.ProxyConfig) bool {
	return proxy.GetHoldApplicationUntilProxyStarts().GetValue() || in.Values.Bool("global", "proxy", "holdApplicationUntilProxyStarts")
}

// mergesMetrics reports whether the agent serves the application's metrics with its own,
// unless a pod says otherwise.
func mergesMetrics(mesh *meshconfig.MeshConfig) bool {
	return mesh.GetEnablePrometheusMerge() == nil || mesh.GetEnablePrometheusMerge().GetValue()
}

// rewrites reports whether the agent makes the application's probes.
func (in *Injector) rewrites(annotations map[string]string) bool {
	if rewrite, err := strconv.ParseBool(annotations[rewriteProbersAnnotation]); err == nil {
		return rewrite
	}
	return in.Values.Bool("sidecarInjectorWebhook", "rewriteAppHTTPProbe")
}

// agentPort is where the proxy's agent listens for the kubelet; 0 for nowhere.
func agentPort(annotations map[string]string, mesh *meshconfig.MeshConfig) int32 {
	if port, err := strconv.ParseUint(strings.TrimSpace(annotations[statusPortAnnotation]), 10, 16); err == nil {
		return int32(port)
	}
	return mesh.GetDefaultConfig().GetStatusPort()
}

// notForPods are the templates of Istio's configuration that its Gateway controller makes
// Deployments of.
var notForPods = []string{"waypoint", "kube-gateway", "agentgateway", "agentgateway-waypoint"}

// trySample injects a pod with the default templates, and with each of the others: one of
// these that does not work is worth a warning, and so is what a template says that no pod
// has, as nobody will see it there.
func (in *Injector) trySample() error {
	if err := in.try(in.Templates.DefaultTemplates); err != nil {
		return err
	}
	for _, name := range in.Templates.Names() {
		if slices.Contains(notForPods, name) {
			continue
		}
		if err := in.try([]string{name}); err != nil {
			in.Warnings = append(in.Warnings, fmt.Sprintf("template %s does not work for a sample pod: %v", name, err))
		}
		in.Warnings = append(in.Warnings, in.unknown(name)...)
	}
	return nil
}

// try injects a sample pod with some templates.
func (in *Injector) try(names []string) error {
	sample, err := sampleOf(names)
	if err != nil {
		return err
	}
	_, err = in.inject(sample)
	return err
}

// unknown are the fields that a template writes and no pod has.
func (in *Injector) unknown(name string) (warnings []string) {
	sample, err := sampleOf([]string{name})
	if err != nil {
		return nil
	}
	overlay, err := in.Templates.Template(name).Render(in.data(sample, overrides{}, in.Mesh, in.Mesh.GetDefaultConfig()))
	if err != nil {
		return nil // told already
	}
	for _, field := range overlay.Unknown {
		warnings = append(warnings, fmt.Sprintf("template %s writes %s, which no pod has", name, field))
	}
	return warnings
}

// sampleOf is a request for a small pod with some templates.
func sampleOf(templateNames []string) (*Request, error) {
	raw, err := json.Marshal(map[string]any{
		"metadata": map[string]any{
			"name": "sample", "namespace": "sample",
			"annotations": map[string]string{templates.TemplatesAnnotation: strings.Join(templateNames, ",")},
		},
		"spec": map[string]any{"containers": []map[string]string{{"name": "sample"}}},
	})
	if err != nil {
		return nil, err
	}
	pod, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	return &Request{Raw: raw, Pod: pod, Workload: WorkloadOf(pod, "sample")}, nil
}
