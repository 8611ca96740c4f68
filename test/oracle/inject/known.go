package inject

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// Known is a way in which meshward differs from Istio on purpose.
type Known struct {
	Name string
	// Reason says what is better.
	Reason string
	// Ways are those that it concerns; none for all.
	Ways []Way

	// is tells by the workload whether there may be this difference.
	is func(c *gen.Case, pod *corev1.Pod) bool
	// instead is the workload of which Istio has to make what meshward makes of this one;
	// nil where there is none.
	instead func(c *gen.Case) *gen.Case
	// right tells by what meshward came to whether it is this difference; nil where it is
	// enough that it refuses nothing.
	right func(c *gen.Case, got *Compared) bool
}

// Knowns are all the known differences.
func Knowns() []*Known {
	return []*Known{alreadyInjected, portZero, localhostProbe, outboundPorts, nativeJobs, rollout, retiredVersion, leftAlone, windows, namedTwice, secondProxy, panics}
}

// known is the name of the known difference that a difference is; empty for a new one.
func (p *Pair) known(c *gen.Case, got *Compared) (string, error) {
	pod := &corev1.Pod{}
	if err := json.Unmarshal(c.Request.Pod, pod); err != nil {
		return "", err
	}
	for _, k := range Knowns() {
		if got.Ours.Panic != "" || len(k.Ways) > 0 && !slices.Contains(k.Ways, got.Way) || !k.is(c, pod) {
			continue
		}
		right := k.right
		if right == nil {
			right = accepts
		}
		if !right(c, got) {
			continue
		}
		if k.instead == nil {
			return k.Name, nil
		}
		same, err := p.sameInstead(c, k, got)
		if err != nil {
			return "", err
		}
		if same {
			return k.Name, nil
		}
	}
	return "", nil
}

func accepts(_ *gen.Case, got *Compared) bool { return !got.Ours.refused() }

// sameInstead reports whether meshward made of a workload what Istio makes of another.
func (p *Pair) sameInstead(c *gen.Case, k *Known, got *Compared) (bool, error) {
	other := k.instead(c)
	mirror := Pair{Istio: p.Istio, Ours: fixed{got.Ours}}
	compared, err := mirror.compareOnly(other, got.Way)
	return err == nil && compared.At == "", err
}

const statusKey, statusPortKey = "sidecar.istio.io/status", "status.sidecar.istio.io/port"

var alreadyInjected = &Known{
	Name: "already-injected",
	Reason: "A pod that was injected before is left as it is. Istio injects it again and forgets what its user had said of the containers, " +
		"or panics where the status annotation is of an odd shape.",
	is:    func(_ *gen.Case, pod *corev1.Pod) bool { _, there := pod.Annotations[statusKey]; return there },
	right: leftAsItIs,
}

// leftAsItIs reports whether meshward refused nothing, and through the webhook did nothing.
func leftAsItIs(c *gen.Case, got *Compared) bool {
	if got.Way == CommandLine {
		return !got.Ours.refused()
	}
	before, beforeErr := patched(c.Request.Pod, nil)
	after, afterErr := patched(c.Request.Pod, got.Ours.Text)
	return !got.Ours.refused() && beforeErr == nil && afterErr == nil && equality.Semantic.DeepEqual(before, after)
}

var portZero = &Known{
	Name:   "port-zero",
	Reason: "Probes are left alone where the status port is 0. Istio sends them to port 0, also where the port has a blank before it, and the API server rejects the pod.",
	is: func(c *gen.Case, pod *corev1.Pod) bool {
		port, there := pod.Annotations[statusPortKey]
		zero := there && (strings.Trim(port, "0") == "" || strings.TrimSpace(port) != port) || !there && c.Installation == "status-port-0"
		return zero && anyHandler(pod, func(*handler) bool { return true })
	},
}

var localhostProbe = &Known{
	Name:   "localhost-probe",
	Reason: "The host of a probe that is rewritten is cleared where it is the pod's own. Istio keeps it, so that the kubelet probes the node.",
	is: func(_ *gen.Case, pod *corev1.Pod) bool {
		return anyHandler(pod, func(h *handler) bool {
			return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, h.host)
		})
	},
	right: func(_ *gen.Case, got *Compared) bool {
		return !got.Ours.refused() && localHost.ReplaceAllString(got.First, "") == localHost.ReplaceAllString(got.Second, "")
	},
}

// localHost is a line of YAML.
var localHost = regexp.MustCompile(`(?m)^ +host: (localhost|127\.0\.0\.1|::1)\n`)

var outboundPorts = &Known{
	Name:   "include-outbound-ports",
	Reason: "The annotation includeOutboundPorts is validated like the other ports. Istio puts anything into the arguments of istio-init.",
	is: func(_ *gen.Case, pod *corev1.Pod) bool {
		value, there := pod.Annotations["traffic.sidecar.istio.io/includeOutboundPorts"]
		return there && value != "" && slices.ContainsFunc(strings.Split(value, ","), func(port string) bool {
			_, err := strconv.ParseUint(strings.TrimSpace(port), 10, 16)
			return err != nil
		})
	},
	right: func(_ *gen.Case, got *Compared) bool { return got.Ours.refused() },
}

var nativeJobs = &Known{
	Name:   "native-jobs",
	Reason: "A Job gets a native sidecar unless its pod says otherwise, or it would never end.",
	is: func(c *gen.Case, pod *corev1.Pod) bool {
		_, told := pod.Annotations["sidecar.istio.io/nativeSidecar"]
		owned := slices.ContainsFunc(pod.OwnerReferences, ownedByJob(pod))
		return !c.Native && !told && (owned || c.Kind == "Job" || c.Kind == "CronJob")
	},
	instead: func(c *gen.Case) *gen.Case {
		other := *c
		other.Native = true
		return &other
	},
}

var rollout = &Known{
	Name:   "rollout",
	Reason: "A Rollout of Argo is a workload. Istio does not know the kind, and passes it on.",
	Ways:   []Way{CommandLine},
	is:     func(c *gen.Case, _ *corev1.Pod) bool { return c.Kind == "Rollout" },
	right:  func(*gen.Case, *Compared) bool { return true }, // what is wrong with it is told too
}

var retiredVersion = &Known{
	Name:   "retired-version",
	Reason: "A workload of a version that no API server has any more passes as it is, with a warning. Istio takes it for one of today's version.",
	Ways:   []Way{CommandLine},
	is:     func(c *gen.Case, _ *corev1.Pod) bool { return c.Retired },
}

var namedTwice = &Known{
	Name:   "named-twice",
	Reason: "Two containers of one name stay two, and the API server refuses the pod. Istio drops one of them.",
	is: func(_ *gen.Case, pod *corev1.Pod) bool {
		return namesTwice(slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers))
	},
}

func namesTwice(containers []corev1.Container) bool {
	seen := map[string]bool{}
	for i := range containers {
		if seen[containers[i].Name] {
			return true
		}
		seen[containers[i].Name] = true
	}
	return false
}

var secondProxy = &Known{
	Name: "second-proxy",
	Reason: "What a template says of istio-proxy counts for the proxy wherever another template has put it. " +
		"Istio makes a second container of that name where the proxy is native, and may then drop the first, or finds no containers to merge into and refuses the pod.",
	is: native,
	right: func(_ *gen.Case, got *Compared) bool {
		moved := secondProxies.MatchString(got.First) && !secondProxies.MatchString(got.Second)
		return !got.Ours.refused() && (moved || strings.Contains(got.Istio.why(), "received a %!s(<nil>)"))
	},
}

var panics = &Known{
	Name:   "panics",
	Reason: "Nothing that a pod says makes meshward panic. Istio does where a user is given to istio-proxy with TPROXY and the template gives none.",
	is:     func(*gen.Case, *corev1.Pod) bool { return true },
	right:  func(_ *gen.Case, got *Compared) bool { return got.Istio.Panic != "" && !got.Ours.refused() },
}

// secondProxies is a status that has the proxy among the containers.
var secondProxies = regexp.MustCompile(`"containers":\[[^]]*"istio-proxy"`)

// native reports whether the proxy of a pod is to be a native one.
func native(c *gen.Case, pod *corev1.Pod) bool {
	switch pod.Annotations["sidecar.istio.io/nativeSidecar"] {
	case "":
		return c.Native
	case "false":
		return false
	default:
		return true
	}
}

var windows = &Known{
	Name:   "windows",
	Reason: "A pod for Windows is left alone, for there is no sidecar for it. Istio injects that for Linux.",
	is: func(_ *gen.Case, pod *corev1.Pod) bool {
		return pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows || pod.Spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows)
	},
	right: leftAsItIs,
}

var leftAlone = &Known{
	Name:   "left-alone",
	Reason: "A workload that is not injected comes out byte for byte as it came. Istio decodes it and writes it anew.",
	Ways:   []Way{CommandLine},
	is: func(c *gen.Case, pod *corev1.Pod) bool {
		value, labelled := pod.Labels["sidecar.istio.io/inject"]
		if !labelled {
			value = pod.Annotations["sidecar.istio.io/inject"]
		}
		return pod.Spec.HostNetwork || value == "false" || slices.Contains([]string{"kube-system", "kube-public"}, c.TemplateNamespace)
	},
}
