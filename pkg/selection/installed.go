package selection

import (
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// ConfigurationLabel is the label by which the configurations of a revision, and of its tags,
// are known. Its value is the revision.
const ConfigurationLabel = "meshward.io/revision"

// Installed are configurations that a cluster has, whoever has changed them since they
// were printed. A client lists them into List.
type Installed struct {
	List admissionregistrationv1.MutatingWebhookConfigurationList
}

// LabelsOf are the labels of the configurations of a revision and of its tags; "" stands
// for DefaultRevision.
func LabelsOf(revision string) map[string]string {
	if revision == "" {
		revision = DefaultRevision
	}
	return map[string]string{ConfigurationLabel: revision}
}

// An Asking is one way in which pods ask for injection: those that Pods selects by their
// labels, in namespaces that Namespaces does.
type Asking struct{ Namespaces, Pods labels.Selector }

// Askings returns the ways that the API server knows. Webhooks with matchConditions are
// named instead: what those say is for the API server alone to tell.
func (i *Installed) Askings() (askings []Asking, unknown []string, err error) {
	for _, configuration := range i.List.Items {
		for _, webhook := range configuration.Webhooks {
			if len(webhook.MatchConditions) > 0 {
				unknown = append(unknown, configuration.Name+": "+webhook.Name)
				continue
			}
			namespaces, err := selectorOf(webhook.NamespaceSelector)
			if err != nil {
				return nil, nil, fmt.Errorf("%s of MutatingWebhookConfiguration %s: %w", webhook.Name, configuration.Name, err)
			}
			pods, err := selectorOf(webhook.ObjectSelector)
			if err != nil {
				return nil, nil, fmt.Errorf("%s of MutatingWebhookConfiguration %s: %w", webhook.Name, configuration.Name, err)
			}
			askings = append(askings, Asking{Namespaces: namespaces, Pods: pods})
		}
	}
	return askings, unknown, nil
}

// selectorOf reads a selector as the API server does: one that is not there selects all.
func selectorOf(selector *metav1.LabelSelector) (labels.Selector, error) {
	if selector == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(selector)
}
