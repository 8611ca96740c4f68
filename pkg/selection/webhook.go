package selection

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// suffix ends the name of each webhook, which stands in denials and audit annotations.
const suffix = ".inject.meshward.io"

// seconds is how long the API server waits for an answer.
const seconds = 5

// webhook makes one of an entry. All but the selectors is the same in each. Why it is as it
// is, the comments of the printed form say.
func (o Options) webhook(e entry) admissionregistrationv1.MutatingWebhook {
	return admissionregistrationv1.MutatingWebhook{
		Name:                    e.name + suffix,
		AdmissionReviewVersions: []string{"v1"},
		SideEffects:             new(admissionregistrationv1.SideEffectClassNoneOnDryRun),
		FailurePolicy:           new(admissionregistrationv1.FailurePolicyType(o.FailurePolicy)),
		TimeoutSeconds:          new(int32(seconds)),
		MatchPolicy:             new(admissionregistrationv1.Equivalent),
		ReinvocationPolicy:      new(admissionregistrationv1.IfNeededReinvocationPolicy),
		ClientConfig: admissionregistrationv1.WebhookClientConfig{
			Service: &admissionregistrationv1.ServiceReference{Name: o.Service, Namespace: o.Namespace, Path: new(o.path())},
		},
		Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule: admissionregistrationv1.Rule{
				APIGroups:   []string{""},
				APIVersions: []string{"v1"},
				Resources:   []string{"pods"},
				Scope:       new(admissionregistrationv1.NamespacedScope),
			},
		}},
		NamespaceSelector: e.namespaces,
		ObjectSelector:    e.pods,
	}
}
