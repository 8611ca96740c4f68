package certs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestCallers(t *testing.T) {
	calling := func(service, namespace, url string) admissionregistrationv1.ValidatingWebhook {
		hook := admissionregistrationv1.ValidatingWebhook{Name: service + namespace + url, ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: []byte("roots")}}
		if url != "" {
			hook.ClientConfig.URL = &url
		} else {
			hook.ClientConfig.Service = &admissionregistrationv1.ServiceReference{Name: service, Namespace: namespace}
		}
		return hook
	}
	hooks := []admissionregistrationv1.ValidatingWebhook{
		calling("meshward", "meshward-system", ""),
		calling("meshward", "elsewhere", ""),
		calling("other", "meshward-system", ""),
		calling("", "", "https://localhost:9443/validate"),
		calling("", "", "https://example.com/validate"),
		calling("", "", "https://not a url"),
	}
	want := []caller{
		{at: 0, name: "meshwardmeshward-system", host: "meshward.meshward-system.svc", bundle: []byte("roots")},
		{at: 3, name: "https://localhost:9443/validate", host: "localhost", bundle: []byte("roots")},
	}
	earlier, later := metav1.NewTime(start), metav1.NewTime(start.Add(time.Hour))
	fields := []metav1.ManagedFieldsEntry{{Manager: "kubectl", Time: &later}, {Manager: "meshward", Time: &earlier}, {Manager: "unknown"}}
	for name, c := range map[string]struct {
		meta metav1.ObjectMeta
		ours bool
	}{
		"by name":  {metav1.ObjectMeta{Name: "meshward", ManagedFields: fields}, true},
		"by label": {metav1.ObjectMeta{Name: "meshward-canary", Labels: map[string]string{"meshward.io/revision": "canary"}, ManagedFields: fields}, true},
		"neither":  {metav1.ObjectMeta{Name: "other"}, false},
	} {
		got := options.configuration(&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: c.meta, Webhooks: hooks})
		if !c.ours {
			if got != nil {
				t.Errorf("%s: %v is ours", name, got)
			}
			continue
		}
		if diff := cmp.Diff(want, got.callers, cmp.AllowUnexported(caller{})); diff != "" || got.writer != "kubectl" || !got.written.Equal(later.Time) {
			t.Errorf("%s: written by %s at %s, callers (-want +got):\n%s", name, got.writer, got.written, diff)
		}
	}
}
