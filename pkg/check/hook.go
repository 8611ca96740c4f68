package check

import (
	"context"
	"net/url"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/selection"
)

// The labels by which namespaces and pods ask for injection.
const (
	injectionLabel = "istio-injection"
	revisionLabel  = "istio.io/rev"
	injectLabel    = "sidecar.istio.io/inject"
)

// The names that an installation has whatever it is configured to be.
const (
	configurationName = "meshward"
	mutating          = "MutatingWebhookConfiguration"
	validating        = "ValidatingWebhookConfiguration"
)

// configuration is a webhook configuration of either kind.
type configuration struct {
	Object

	labels      map[string]string
	annotations map[string]string
	hooks       []hook
}

// hook is a webhook of a configuration.
type hook struct {
	name       string
	client     admissionregistrationv1.WebhookClientConfig
	fails      bool // while nobody answers, what it asks about is refused
	namespaces *metav1.LabelSelector
	objects    *metav1.LabelSelector
	rules      []admissionregistrationv1.RuleWithOperations
	conditions int
}

// isOurs reports whether a configuration belongs to us, by the name or label that it was
// printed with.
func (c *configuration) isOurs() bool {
	_, labelled := c.labels[selection.ConfigurationLabel]
	return labelled || c.Name == configurationName
}

func readConfigurations(ctx context.Context, l *look) ([]configuration, error) {
	var all []configuration
	var mutations admissionregistrationv1.MutatingWebhookConfigurationList
	if err := l.List(ctx, &mutations); err != nil {
		return nil, err
	}
	for i := range mutations.Items {
		m := &mutations.Items[i]
		all = append(all, configurationOf(mutating, &m.ObjectMeta, common(m.Webhooks)))
	}
	var validations admissionregistrationv1.ValidatingWebhookConfigurationList
	if err := l.List(ctx, &validations); err != nil {
		return nil, err
	}
	for i := range validations.Items {
		v := &validations.Items[i]
		all = append(all, configurationOf(validating, &v.ObjectMeta, v.Webhooks))
	}
	return all, nil
}

// common are mutating webhooks without what validating ones do not have.
func common(webhooks []admissionregistrationv1.MutatingWebhook) []admissionregistrationv1.ValidatingWebhook {
	all := make([]admissionregistrationv1.ValidatingWebhook, len(webhooks))
	for i := range webhooks {
		w := &webhooks[i]
		all[i] = admissionregistrationv1.ValidatingWebhook{
			Name:              w.Name,
			ClientConfig:      w.ClientConfig,
			FailurePolicy:     w.FailurePolicy,
			NamespaceSelector: w.NamespaceSelector,
			ObjectSelector:    w.ObjectSelector,
			Rules:             w.Rules,
			MatchConditions:   w.MatchConditions,
		}
	}
	return all
}

func configurationOf(kind string, meta *metav1.ObjectMeta, webhooks []admissionregistrationv1.ValidatingWebhook) configuration {
	c := configuration{Object: Object{Kind: kind, Name: meta.Name}, labels: meta.Labels, annotations: meta.Annotations}
	for i := range webhooks {
		w := &webhooks[i]
		c.hooks = append(c.hooks, hook{w.Name, w.ClientConfig, fails(w.FailurePolicy), w.NamespaceSelector, w.ObjectSelector, w.Rules, len(w.MatchConditions)})
	}
	return c
}

// fails reads a failure policy as the API server does, which fails by default.
func fails(policy *admissionregistrationv1.FailurePolicyType) bool {
	return policy == nil || *policy == admissionregistrationv1.Fail
}

// target is whom a webhook calls.
func (h *hook) target() string {
	if s := h.client.Service; s != nil {
		return "Service " + s.Namespace + "/" + s.Name
	}
	to, err := url.Parse(h.url())
	if err != nil {
		return h.url()
	}
	return to.Scheme + "://" + to.Host
}

// host is the name that the certificate of whom it calls has to be good for.
func (h *hook) host() string {
	if s := h.client.Service; s != nil {
		return s.Name + "." + s.Namespace + ".svc"
	}
	to, err := url.Parse(h.url())
	if err != nil {
		return ""
	}
	return to.Hostname()
}

func (h *hook) path() string {
	if s := h.client.Service; s != nil {
		if s.Path == nil {
			return "/"
		}
		return *s.Path
	}
	to, err := url.Parse(h.url())
	if err != nil {
		return ""
	}
	return to.Path
}

func (h *hook) url() string {
	if h.client.URL == nil {
		return ""
	}
	return *h.client.URL
}

// port is that of the Service which it calls.
func (h *hook) port() int32 {
	const https = 443
	if h.client.Service == nil || h.client.Service.Port == nil {
		return https
	}
	return *h.client.Service.Port
}

// selects reports whether a webhook is asked about a pod. What CEL says besides is not
// known here.
func (h *hook) selects(namespace *corev1.Namespace, pod labels.Set) bool {
	return matches(h.namespaces, labelsOf(namespace)) && matches(h.objects, pod)
}

// labelsOf are the labels of a namespace with the one that the API server sees to.
func labelsOf(namespace *corev1.Namespace) labels.Set {
	return labels.Merge(namespace.Labels, labels.Set{corev1.LabelMetadataName: namespace.Name})
}

// matches reads a selector as the API server does: one that is not there selects all.
func matches(selector *metav1.LabelSelector, set labels.Set) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(set)
}

// leavesOut reports whether a webhook is never asked about a namespace, whatever other
// labels that has.
func (h *hook) leavesOut(namespace string) bool {
	if h.namespaces == nil {
		return false
	}
	named := labels.Set{corev1.LabelMetadataName: namespace}
	if name, ok := h.namespaces.MatchLabels[corev1.LabelMetadataName]; ok && name != namespace {
		return true
	}
	for _, r := range h.namespaces.MatchExpressions {
		alone := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{r}}
		if r.Key == corev1.LabelMetadataName && !matches(alone, named) {
			return true
		}
	}
	return false
}

// names lists a few webhooks.
func names(hooks []hook) string {
	list := make([]string, 0, len(hooks))
	for i := range hooks {
		list = append(list, hooks[i].name)
	}
	return strings.Join(list, ", ")
}
