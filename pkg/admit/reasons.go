package admit

import (
	"cmp"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshward/meshward/pkg/mutate"
)

// reasonKey is the audit annotation with the reason for what became of a pod. The API
// server puts the webhook's name before it.
const reasonKey = "reason"

// againKey is reasonKey for a pod that is injected already. The API server asks twice about
// each pod where another webhook changes it after us, and complains of annotations that say
// two things.
const againKey = "again"

// The reasons for which a pod never comes to be decided about, or is denied after that.
var (
	noNewPod = &mutate.Reason{
		Name: "no-new-pod",
		Doc:  "The request is for something other than a pod that is being created, which the webhook's rules should not have let through; it is allowed as it is.",
	}
	unreadablePod = &mutate.Reason{
		Name: "unreadable-pod",
		Doc:  "The pod cannot be read: it is no JSON, no pod, or has a key twice; it is denied.",
	}
	cannotInject = &mutate.Reason{
		Name: "cannot-inject",
		Doc:  "The pod is to have a sidecar and cannot have one: an annotation has a value that the proxy could not take, or a template does not exist or does not fit the pod; it is denied, and the message says what to change.",
	}
)

// Reasons returns all reasons that there are for what becomes of a pod, in the order in
// which they are asked for, and those of them that deny it.
func Reasons() (all, denials []*mutate.Reason) {
	all = slices.Concat([]*mutate.Reason{noNewPod, unreadablePod}, mutate.Reasons(), []*mutate.Reason{cannotInject})
	return all, []*mutate.Reason{unreadablePod, cannotInject}
}

// because writes the reason for an answer down.
func because(response *admissionv1.AdmissionResponse, reason *mutate.Reason) *admissionv1.AdmissionResponse {
	key := reasonKey
	if reason.Again {
		key = againKey
	}
	response.AuditAnnotations = map[string]string{key: reason.Name}
	return response
}

// reasonOf is the name of the reason for an answer, one of Reasons, or "" where it has none.
func reasonOf(response *admissionv1.AdmissionResponse) string {
	return cmp.Or(response.AuditAnnotations[reasonKey], response.AuditAnnotations[againKey])
}

// became is what became of a pod, which has a reason.
func became(response *admissionv1.AdmissionResponse) string {
	switch {
	case !response.Allowed:
		return verdictDenied
	case len(response.Patch) > 0:
		return outcomePatched
	default:
		return "left-alone"
	}
}
