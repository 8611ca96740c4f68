// Package selection says which pods the API server sends to an injector: it makes the
// webhook configurations of a revision and of its tags, and prints them. Pure.
//
// It must not know what becomes of a pod that is sent: that is for package mutate.
package selection

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// DefaultRevision is the one that serves namespaces that name none.
const DefaultRevision = "default"

// DefaultNamespace is where meshward runs, unless somebody wants it elsewhere.
const DefaultNamespace = "meshward-system"

// Options say whose pods are to be injected, and by whom. The zero value stands for the
// default revision.
type Options struct {
	// Revision is the value of label istio.io/rev by which namespaces and pods ask for
	// this injector; "" stands for DefaultRevision.
	Revision string
	// Tags are further values. Of the default one, the revision is the default as well.
	Tags []string
	// Namespace is where the injector runs; "" stands for DefaultNamespace.
	Namespace string
	// Service is what the API server calls there; "" stands for "meshward", with the
	// revision behind it where it is not the default one.
	Service string
	// Cluster and Network say where the pods are; "" stands for what the injector's values
	// say. They are for the API server of a remote cluster.
	Cluster, Network string
	// FailurePolicy is what becomes of a pod while nobody answers; "" stands for Fail.
	FailurePolicy string
	// ByDefault is for meshes whose namespaces are injected unless they say otherwise.
	ByDefault bool
	// Exclude are namespaces that are not injected, beside those that never are.
	Exclude []string
	// Authority names the certificate (NAMESPACE/NAME) by which cert-manager tells the API
	// server whom to trust; "" where somebody else does.
	Authority string
}

// FailurePolicies are the values of Options.FailurePolicy.
func FailurePolicies() []string {
	return []string{string(admissionregistrationv1.Fail), string(admissionregistrationv1.Ignore)}
}

// Configurations returns a configuration for the revision and one for each tag. Each is
// named for its value of istio.io/rev and for nothing else, so that whoever takes a value
// over replaces the configuration of who had it, and no pod is ever sent twice.
func (o Options) Configurations() ([]*admissionregistrationv1.MutatingWebhookConfiguration, error) {
	o.Revision = cmp.Or(o.Revision, DefaultRevision)
	o.Namespace = cmp.Or(o.Namespace, DefaultNamespace)
	o.Service = o.ServiceName()
	o.FailurePolicy = cmp.Or(o.FailurePolicy, string(admissionregistrationv1.Fail))
	if err := o.check(); err != nil {
		return nil, err
	}
	var all []*admissionregistrationv1.MutatingWebhookConfiguration
	for _, value := range o.values() {
		all = append(all, o.configuration(value))
	}
	return all, nil
}

// ServiceName is the name of what the API server calls.
func (o Options) ServiceName() string {
	return cmp.Or(o.Service, named(cmp.Or(o.Revision, DefaultRevision)))
}

// values are those of istio.io/rev that are served.
func (o Options) values() []string { return append([]string{o.Revision}, o.Tags...) }

func (o Options) check() error {
	var wrong []error
	label := func(what, value string) {
		if len(validation.IsDNS1123Label(value)) > 0 {
			wrong = append(wrong, fmt.Errorf("%s is %q; it must be a DNS label: lower-case letters, digits and \"-\"", what, value))
		}
	}
	label("the revision", o.Revision)
	label("the namespace", o.Namespace)
	label("the service", o.Service)
	for _, namespace := range o.Exclude {
		label("a namespace to exclude", namespace)
	}
	for i, tag := range o.Tags {
		label("a tag", tag)
		if slices.Contains(o.values()[:i+1], tag) {
			wrong = append(wrong, fmt.Errorf("the tag %q is there already, as the revision or as another tag", tag))
		}
	}
	wrong = append(wrong, o.checkPlaces()...)
	if !slices.Contains(FailurePolicies(), o.FailurePolicy) {
		wrong = append(wrong, fmt.Errorf("the failure policy is %q; it must be one of %s", o.FailurePolicy, strings.Join(FailurePolicies(), ", ")))
	}
	if o.ByDefault && !slices.Contains(o.values(), DefaultRevision) {
		wrong = append(wrong, fmt.Errorf("namespaces can be injected by default only by the revision or the tag %q", DefaultRevision))
	}
	return errors.Join(wrong...)
}

// named is what belongs to a value of istio.io/rev.
func named(value string) string {
	if value == DefaultRevision {
		return "meshward"
	}
	return "meshward-" + value
}

func (o Options) configuration(value string) *admissionregistrationv1.MutatingWebhookConfiguration {
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: "MutatingWebhookConfiguration"},
		// Not the label istio.io/rev: istioctl takes what carries it for Istio's own.
		ObjectMeta: metav1.ObjectMeta{Name: named(value), Labels: o.labels()},
	}
	if o.Authority != "" {
		configuration.Annotations = map[string]string{"cert-manager.io/inject-ca-from": o.Authority}
	}
	for _, e := range o.entries(value) {
		configuration.Webhooks = append(configuration.Webhooks, o.webhook(e))
	}
	return configuration
}
