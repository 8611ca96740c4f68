package admit

import (
	"context"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// Pods injects the sidecar into pods that are created.
type Pods struct {
	Injector *mutate.Injector
}

// Review returns the patch for a pod, or why it gets none: as a warning where
// its creator would want to know, and as an audit annotation always.
func (p *Pods) Review(_ context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	if request.Operation != admissionv1.Create || request.Resource.Resource != "pods" || request.SubResource != "" {
		return allowed("meshward injects pods as they are created; check the rules of its MutatingWebhookConfiguration")
	}
	if len(request.Object.Raw) == 0 {
		return unreadable("the request holds no pod")
	}
	pod, err := mutate.Decode(request.Object.Raw)
	if err != nil {
		return unreadable("%v", err)
	}
	decision := mutate.Decide(pod, request.Namespace)
	if !decision.Inject {
		return explained(allowed(), decision)
	}
	patch, err := p.Injector.Inject(request.Object.Raw, pod, mutate.WorkloadOf(pod, request.Namespace))
	if err != nil {
		return denied(err.Error())
	}
	response := explained(allowed(), decision)
	response.Patch = patch.JSON()
	jsonPatch := admissionv1.PatchTypeJSONPatch
	response.PatchType = &jsonPatch
	return response
}

// Late leaves a pod to the webhook's failurePolicy: whether a pod may start without
// its sidecar is decided there.
func (p *Pods) Late(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

func explained(response *admissionv1.AdmissionResponse, decision mutate.Decision) *admissionv1.AdmissionResponse {
	if decision.Warning != "" {
		response.Warnings = append(response.Warnings, rule.OneLine(decision.Warning))
	}
	response.AuditAnnotations = map[string]string{"reason": decision.Reason.Name}
	return response
}
