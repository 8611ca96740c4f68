package certs

import (
	"net/url"
	"reflect"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A caller is a webhook by which the API server calls us.
type caller struct {
	at     int    // its place in the configuration
	name   string // of the webhook
	host   string // the name that our certificate has to be good for
	bundle []byte // the roots that the API server trusts, in PEM
}

// The kinds of configurations.
const (
	mutating   = "MutatingWebhookConfiguration"
	validating = "ValidatingWebhookConfiguration"
)

// A configuration is a webhook configuration of ours, with the webhooks that call us.
type configuration struct {
	kind, name string
	version    string    // its resourceVersion
	written    time.Time // when it was written last; zero if that is not known
	writer     string    // who did that
	callers    []caller
}

func (c *configuration) String() string { return c.kind + " " + c.name }

// A view is all configurations of ours as they were at one time. It does not change.
type view struct{ configurations []*configuration }

// equal returns whether there is nothing new in another view.
func (v *view) equal(other *view) bool { return other != nil && reflect.DeepEqual(v, other) }

// settled returns whether all of a view was written long enough ago to be known to every
// API server, however its clock differs from ours.
func (v *view) settled(now time.Time) bool {
	const longAgo = time.Minute
	return !slices.ContainsFunc(v.configurations, func(c *configuration) bool {
		return c.written.IsZero() || now.Sub(c.written) < longAgo
	})
}

// ours returns whether a configuration is ours, and so ours to write.
func (o Options) ours(meta *metav1.ObjectMeta) bool {
	if o.Label != "" {
		if _, labelled := meta.Labels[o.Label]; labelled {
			return true
		}
	}
	return meta.Name == o.Configuration
}

// configuration is what we keep of a webhook configuration: nil of one that is not ours.
func (o Options) configuration(object any) *configuration {
	switch object := object.(type) {
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		c := o.named(mutating, &object.ObjectMeta)
		for i := range object.Webhooks {
			c.add(o, i, object.Webhooks[i].Name, &object.Webhooks[i].ClientConfig)
		}
		return c
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		c := o.named(validating, &object.ObjectMeta)
		for i := range object.Webhooks {
			c.add(o, i, object.Webhooks[i].Name, &object.Webhooks[i].ClientConfig)
		}
		return c
	}
	return nil
}

func (o Options) named(kind string, meta *metav1.ObjectMeta) *configuration {
	if !o.ours(meta) {
		return nil
	}
	c := &configuration{kind: kind, name: meta.Name, version: meta.ResourceVersion}
	for i := range meta.ManagedFields {
		entry := &meta.ManagedFields[i]
		if entry.Time != nil && !entry.Time.Time.Before(c.written) {
			c.written, c.writer = entry.Time.Time, entry.Manager
		}
	}
	return c
}

func (c *configuration) add(o Options, at int, name string, client *admissionregistrationv1.WebhookClientConfig) {
	if c == nil {
		return
	}
	if host := o.host(client); host != "" {
		c.callers = append(c.callers, caller{at: at, name: name, host: host, bundle: client.CABundle})
	}
}

// host is the name under which a webhook calls us, and "" if it calls somebody else.
func (o Options) host(client *admissionregistrationv1.WebhookClientConfig) string {
	switch {
	case client.Service != nil && client.Service.Namespace == o.Namespace && client.Service.Name == o.Service:
		return o.serviceName()
	case client.URL != nil:
		to, err := url.Parse(*client.URL)
		if err == nil && slices.Contains(o.names(), to.Hostname()) {
			return to.Hostname()
		}
	}
	return ""
}
