package admit

import (
	"fmt"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
)

func allowed(warnings ...string) *admissionv1.AdmissionResponse {
	response := &admissionv1.AdmissionResponse{Allowed: true}
	for _, warning := range warnings {
		response.Warnings = append(response.Warnings, rule.OneLine(warning))
	}
	return response
}

// denied refuses a request by policy: always with 403. For 409 and 422 "kubectl
// apply --force" and Flux would delete the live object and try again.
func denied(message string, causes ...metav1.StatusCause) *admissionv1.AdmissionResponse {
	return refused(http.StatusForbidden, metav1.StatusReasonForbidden, message, causes...)
}

// unreadable refuses a request that holds something other than it says.
func unreadable(format string, args ...any) *admissionv1.AdmissionResponse {
	return refused(http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprintf(format, args...))
}

func refused(code int32, reason metav1.StatusReason, message string, causes ...metav1.StatusCause) *admissionv1.AdmissionResponse {
	status := &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
	if len(causes) > 0 {
		status.Details = &metav1.StatusDetails{Causes: causes}
	}
	return &admissionv1.AdmissionResponse{Result: status}
}
