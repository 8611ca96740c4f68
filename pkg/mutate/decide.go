package mutate

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/templates"
)

// A Decision says whether a pod is to be injected, and why.
type Decision struct {
	Inject bool
	Reason *Reason
	// Warning is one line for whoever created the pod, or empty where the outcome
	// is what they asked for. It holds no control character, as the API server
	// would drop a warning that does.
	Warning string
}

// A Reason is one row of the table that decides.
type Reason struct {
	// Name is the slug that metrics, audit annotations and the command line print.
	Name string
	// Doc tells a user in a sentence when the reason applies and what follows.
	Doc string
	// Inject says what follows.
	Inject bool
	// Again is true for pods that are injected already, which may need Repair.
	Again bool

	applies func(candidate) bool
	warning func(pod *corev1.Pod) string // nil where there is nothing to warn of
}

// String returns the name.
func (r *Reason) String() string { return r.Name }

// A candidate is a pod that is being created, in a namespace, where a configuration says
// who is injected.
type candidate struct {
	*corev1.Pod

	namespace string
	config    *templates.Config
}

// Decide says what becomes of a pod that is being created in namespace: the
// first reason that applies holds. It takes for granted that the namespace asks
// for sidecars or that the pod's label does, since the API server's selectors
// let no other pod through.
func (in *Injector) Decide(pod *corev1.Pod, namespace string) Decision {
	c := candidate{pod, namespace, in.Templates}
	for _, reason := range reasons {
		if reason.applies(c) {
			return reason.decision(pod)
		}
	}
	return namespaceAsks.decision(pod)
}

// Reasons returns every reason that Decide can give, in the order in which it
// asks for them.
func Reasons() []*Reason {
	return append(slices.Clone(reasons), namespaceAsks)
}

func (r *Reason) decision(pod *corev1.Pod) Decision {
	decision := Decision{Inject: r.Inject, Reason: r}
	if r.warning != nil {
		decision.Warning = r.Name + ": " + r.warning(pod)
	}
	return decision
}

// reasons starts with the pods that no sidecar can serve, whatever they ask for;
// then come those that have one, and only then what the pod says it wants.
var reasons = []*Reason{
	{
		Name:    "host-network",
		Doc:     "The pod shares the network of its node, where a sidecar would redirect the traffic of the node itself; it gets none.",
		applies: func(c candidate) bool { return c.Spec.HostNetwork },
		warning: warn("no sidecar, since spec.hostNetwork shares the node's network; it joins the mesh once that is unset"),
	},
	{
		Name:    "system-namespace",
		Doc:     "The namespace belongs to Kubernetes, whose own pods must start before any mesh does; they get no sidecar.",
		applies: func(c candidate) bool { return isSystem(c.namespace) },
		warning: warn("no sidecar, since this namespace belongs to Kubernetes; run meshed pods in another one"),
	},
	{
		Name:    "mirror-pod",
		Doc:     "The pod mirrors one that a kubelet already runs from a file, so that adding to it would change nothing; it gets no sidecar.",
		applies: isMirror,
	},
	{
		Name:    "windows",
		Doc:     "The pod runs on Windows, for which there is no sidecar; it gets none.",
		applies: isWindows,
		warning: warn("no sidecar, since there is none for Windows"),
	},
	{
		Name:    "already-injected",
		Doc:     "The pod carries annotation sidecar.istio.io/status, so an injector has been here; it is left as it is, but if that was this one, what another webhook has broken since is mended.",
		Again:   true,
		applies: isInjected,
	},
	{
		Name:    "policy-invalid",
		Doc:     "The injector's policy is neither \"enabled\" nor \"disabled\", and no pod is injected until it is.",
		applies: func(c candidate) bool { return c.config.Policy != policyEnabled && c.config.Policy != policyDisabled },
		warning: warn("no sidecar, since the injector's policy is neither \"enabled\" nor \"disabled\"; tell who runs the mesh"),
	},
	{
		Name:    "opted-out",
		Doc:     "The pod carries sidecar.istio.io/inject: \"false\", as a label or, without one, as an annotation; it gets no sidecar.",
		applies: asks("false"),
	},
	{
		Name:    "opted-in",
		Doc:     "The pod carries sidecar.istio.io/inject: \"true\", as a label or, without one, as an annotation; it is injected.",
		Inject:  true,
		applies: asks("true"),
	},
	{
		Name:    "never-selected",
		Doc:     "A neverInjectSelector of the injector's configuration picks the pod by its labels; it gets no sidecar.",
		applies: func(c candidate) bool { return c.picks(c.config.NeverInject) },
		warning: warn("no sidecar, since a neverInjectSelector of the injector picks this pod; label it " + injectKey + "=true to get one"),
	},
	{
		Name:    "always-selected",
		Doc:     "An alwaysInjectSelector of the injector's configuration picks the pod by its labels; it is injected.",
		Inject:  true,
		applies: func(c candidate) bool { return c.picks(c.config.AlwaysInject) },
	},
	{
		Name:    "policy-disabled",
		Doc:     "The injector's policy is \"disabled\": only pods that ask for it themselves are injected, and this one does not.",
		applies: func(c candidate) bool { return c.config.Policy == policyDisabled },
		warning: warn("no sidecar, since the injector's policy is \"disabled\"; label the pod " + injectKey + "=true to get one"),
	},
	{
		Name:    "invalid-inject-value",
		Doc:     "The pod carries sidecar.istio.io/inject with a value other than \"true\" and \"false\", which says nothing; the namespace asks, so the pod is injected.",
		Inject:  true,
		applies: func(c candidate) bool { return !asks("")(c) },
		warning: func(pod *corev1.Pod) string {
			value, source := request(pod)
			return fmt.Sprintf("injected, since %s %s is %.20q and only \"true\" and \"false\" count", source, injectKey, value)
		},
	},
}

// The policies of Istio's injector.
const (
	policyEnabled  = "enabled"
	policyDisabled = "disabled"
)

// namespaceAsks is the reason where no other applies.
var namespaceAsks = &Reason{
	Name:   "namespace-asks",
	Doc:    "The pod says nothing of its own, and its namespace asks for sidecars; it is injected.",
	Inject: true,
}

func warn(text string) func(*corev1.Pod) string {
	return func(*corev1.Pod) string { return text }
}

// isSystem holds the namespaces that Istio never injects, which is a fixed list.
func isSystem(namespace string) bool {
	switch namespace {
	case "kube-system", "kube-public", "kube-node-lease", "local-path-storage":
		return true
	}
	return false
}

func isMirror(c candidate) bool {
	_, ok := c.Annotations[corev1.MirrorPodAnnotationKey]
	return ok
}

// isWindows goes by the node selector as well: spec.os is younger, and many
// manifests do without it.
func isWindows(c candidate) bool {
	if c.Spec.OS != nil {
		return c.Spec.OS.Name == corev1.Windows
	}
	return c.Spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows)
}

func isInjected(c candidate) bool {
	_, ok := c.Annotations[statusAnnotation]
	return ok
}

// asks tells whether the pod asks for its injection with just this value.
func asks(value string) func(candidate) bool {
	return func(c candidate) bool {
		asked, _ := request(c.Pod)
		return asked == value
	}
}

// picks reports whether one of some selectors picks the pod.
func (c candidate) picks(selectors []labels.Selector) bool {
	return slices.ContainsFunc(selectors, func(s labels.Selector) bool { return s.Matches(labels.Set(c.Labels)) })
}

// request returns what a pod says about its own injection, and where it says so.
// A label counts even where it is empty; only without one is the annotation read.
func request(pod *corev1.Pod) (value, source string) {
	if value, ok := pod.Labels[injectKey]; ok {
		return value, "label"
	}
	return pod.Annotations[injectKey], "annotation"
}
