package admit

import (
	"context"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Pods injects the sidecar into pods that are created.
type Pods struct {
	// Injector returns the injector of the current configuration.
	Injector func() *mutate.Injector
	// Namespace returns what is known of a namespace: its labels, and the annotations that
	// sidecars follow.
	Namespace func(name string) *metav1.ObjectMeta
	// Events tells the controllers of pods why these have no sidecar; nil tells nobody.
	Events Teller
}

// A Teller tells an object's owner something, and does not keep its caller waiting.
type Teller interface {
	Tell(namespace string, object metav1.OwnerReference, reason, message string)
}

// Review returns the patch for a pod, or why it gets none: as a warning where its creator
// would want to know, to its controller then, and as an audit annotation always.
func (p *Pods) Review(ctx context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	if request.Operation != admissionv1.Create || request.Resource.Resource != "pods" || request.SubResource != "" {
		return because(allowed("meshward injects pods as they are created; check the rules of its MutatingWebhookConfiguration"), noNewPod)
	}
	if len(request.Object.Raw) == 0 {
		return because(unreadable("the request holds no pod"), unreadablePod)
	}
	pod, err := mutate.Decode(request.Object.Raw)
	if err != nil {
		return because(unreadable("%v", err), unreadablePod)
	}
	injector := p.Injector()
	decision := injector.Decide(pod, request.Namespace)
	asked := mutate.Request{
		Raw:       request.Object.Raw,
		Pod:       pod,
		Workload:  mutate.WorkloadOf(pod, request.Namespace),
		Variables: mutate.VariablesOf(pathOf(ctx)),
		Namespace: p.Namespace(request.Namespace),
	}
	var injection mutate.Injection
	switch {
	case decision.Reason.Again:
		injection.Patch, err = injector.Repair(asked)
	case decision.Inject:
		injection, err = injector.Inject(asked)
	default:
		p.tell(request, pod, decision.Reason, decision.Warning)
	}
	if err != nil {
		p.tell(request, pod, cannotInject, err.Error())
		return because(denied(err.Error()), cannotInject)
	}
	return patched(decision, injection)
}

// patched answers with what is added to a pod.
func patched(decision mutate.Decision, injection mutate.Injection) *admissionv1.AdmissionResponse {
	response := because(allowed(), decision.Reason)
	if decision.Warning != "" {
		response.Warnings = append(response.Warnings, rule.OneLine(decision.Warning))
	}
	for _, warning := range injection.Warnings {
		response.Warnings = append(response.Warnings, rule.OneLine("sidecar: "+warning))
	}
	if len(injection.Patch) == 0 {
		return response
	}
	response.Patch = injection.Patch.JSON()
	jsonPatch := admissionv1.PatchTypeJSONPatch
	response.PatchType = &jsonPatch
	return response
}

// tell tells a pod's controller why there is no sidecar, or no pod. Whoever creates a pod
// by hand reads the answer; a controller has nobody who does.
func (p *Pods) tell(request *admissionv1.AdmissionRequest, pod *corev1.Pod, reason *mutate.Reason, message string) {
	controller := metav1.GetControllerOfNoCopy(pod)
	dryRun := request.DryRun != nil && *request.DryRun
	if p.Events == nil || controller == nil || message == "" || dryRun {
		return
	}
	message = strings.TrimPrefix(message, reason.Name+": ") // an Event has a field for that
	p.Events.Tell(request.Namespace, *controller, reason.Name, rule.OneLine(message))
}

// Late leaves a pod to the webhook's failurePolicy: whether a pod may start without
// its sidecar is decided there.
func (p *Pods) Late(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

// Unknown leaves a pod to the webhook's failurePolicy, for the same reason.
func (p *Pods) Unknown(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }
