package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/retry"
)

// rotatedWithin bounds how long a rotation may take until every replica shows the new leaf.
const rotatedWithin = 3 * time.Minute

// rotation replaces the CA and the leaf, and returns when every replica shows a leaf of the
// new CA.
func (s *stage) rotation(ctx context.Context, n int) error {
	old, err := s.authorityNow(ctx)
	if err != nil {
		return err
	}
	renew, err := s.mode.rotate(s, ctx, n)
	if err != nil {
		return err
	}
	var next *x509.Certificate
	err = await(ctx, "a new CA", rotatedWithin, func(ctx context.Context) error {
		if next, err = s.authorityNow(ctx); err != nil {
			return err
		}
		if next.Equal(old) {
			return errors.New("it is still the old one")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := renew(ctx); err != nil {
		return err
	}
	return await(ctx, "every replica to show a leaf of the new CA", rotatedWithin, func(ctx context.Context) error {
		return s.shownBy(ctx, next)
	})
}

// shownBy returns an error unless every replica shows a leaf of a CA.
func (s *stage) shownBy(ctx context.Context, ca *x509.Certificate) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, r := range s.fleet.all() {
		leaf, err := r.leaf(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: ownName + "." + ownNamespace + ".svc"}); err != nil {
			return fmt.Errorf("%s: %w; the end of its log:\n%s", r.name, err, lastOf(r.log))
		}
	}
	return nil
}

// authorityNow is the CA that signs.
func (s *stage) authorityNow(ctx context.Context) (*x509.Certificate, error) {
	secret, err := s.client.CoreV1().Secrets(ownNamespace).Get(ctx, authority, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(secret.Data["tls.crt"])
	if block == nil {
		return nil, errors.New("the Secret holds no certificate yet")
	}
	return x509.ParseCertificate(block.Bytes)
}

func (s *stage) deleteSecret(ctx context.Context, name string) error {
	return retried(ctx, func() error {
		err := s.client.CoreV1().Secrets(ownNamespace).Delete(ctx, name, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// deleteAuthority has a server that certifies itself make another CA, and leaves of it.
func (s *stage) deleteAuthority(ctx context.Context, _ int) (func(context.Context) error, error) {
	nothing := func(context.Context) error { return nil }
	return nothing, s.deleteSecret(ctx, authority)
}

// renewByCertManager has cert-manager make another CA, and then another leaf, by turns in
// the two ways that people know: what cmctl renew does, and the deletion of the Secret.
func (s *stage) renewByCertManager(ctx context.Context, n int) (func(context.Context) error, error) {
	if err := s.deleteSecret(ctx, authority); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if err := s.await(ctx, "the Issuer to know the new CA", s.issuerKnows); err != nil {
			return err
		}
		if n%2 == 1 {
			return s.deleteSecret(ctx, servingSecret)
		}
		return s.renew(ctx, servingName)
	}, nil
}

var certificates = schema.GroupVersionResource{Group: "cert-manager.io", Version: "v1", Resource: "certificates"}

// issuerKnows returns an error while the Certificate of the CA is not issued again.
func (s *stage) issuerKnows(ctx context.Context) error {
	found, err := s.dynamic.Resource(certificates).Namespace(ownNamespace).Get(ctx, authority, metav1.GetOptions{})
	if err != nil {
		return err
	}
	conditions, _, err := unstructured.NestedSlice(found.Object, "status", "conditions")
	if err != nil {
		return err
	}
	for _, one := range conditions {
		condition, _ := one.(map[string]any)
		if condition["type"] == "Issuing" && condition["status"] == "True" {
			return errors.New("the CA is being issued")
		}
	}
	return nil
}

// renew asks cert-manager to issue a certificate again, as cmctl does.
func (s *stage) renew(ctx context.Context, name string) error {
	resource := s.dynamic.Resource(certificates).Namespace(ownNamespace)
	return retried(ctx, func() error {
		found, err := resource.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, err := unstructured.NestedSlice(found.Object, "status", "conditions")
		if err != nil {
			return err
		}
		kept := []any{map[string]any{
			"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "Renewed by hand",
			"lastTransitionTime": time.Now().UTC().Format(time.RFC3339), "observedGeneration": found.GetGeneration(),
		}}
		for _, one := range conditions {
			if condition, ok := one.(map[string]any); ok && condition["type"] != "Issuing" {
				kept = append(kept, condition)
			}
		}
		if err := unstructured.SetNestedSlice(found.Object, kept, "status", "conditions"); err != nil {
			return err
		}
		_, err = resource.UpdateStatus(ctx, found, metav1.UpdateOptions{})
		return err
	})
}

// bundles are the values of caBundle in both configurations.
func (s *stage) bundles(ctx context.Context) ([][]byte, error) {
	hooks := s.client.AdmissionregistrationV1()
	mutating, err := hooks.MutatingWebhookConfigurations().Get(ctx, ownName, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	validating, err := hooks.ValidatingWebhookConfigurations().Get(ctx, ownName, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, hook := range mutating.Webhooks {
		all = append(all, hook.ClientConfig.CABundle)
	}
	for _, hook := range validating.Webhooks {
		all = append(all, hook.ClientConfig.CABundle)
	}
	return all, nil
}

// trusted returns an error unless every webhook trusts what every replica shows.
func (s *stage) trusted(ctx context.Context) error {
	bundles, err := s.bundles(ctx)
	if err != nil {
		return err
	}
	for _, r := range s.fleet.all() {
		leaf, err := r.leaf(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		for _, bundle := range bundles {
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(bundle)
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: ownName + "." + ownNamespace + ".svc"}); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	return nil
}

// bundle sets caBundle in both configurations, as a hand does that knows no better.
func (s *stage) bundle(ctx context.Context, value []byte) error {
	hooks := s.client.AdmissionregistrationV1()
	err := retried(ctx, func() error {
		found, err := hooks.MutatingWebhookConfigurations().Get(ctx, ownName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for i := range found.Webhooks {
			found.Webhooks[i].ClientConfig.CABundle = bytes.Clone(value)
		}
		_, err = hooks.MutatingWebhookConfigurations().Update(ctx, found, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	return retried(ctx, func() error {
		found, err := hooks.ValidatingWebhookConfigurations().Get(ctx, ownName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for i := range found.Webhooks {
			found.Webhooks[i].ClientConfig.CABundle = bytes.Clone(value)
		}
		_, err = hooks.ValidatingWebhookConfigurations().Update(ctx, found, metav1.UpdateOptions{})
		return err
	})
}

// retried does something again that another writer got in the way of.
func retried(ctx context.Context, do func() error) error {
	return retry.OnError(retry.DefaultBackoff, func(err error) bool {
		return ctx.Err() == nil && (apierrors.IsConflict(err) || apierrors.IsServerTimeout(err))
	}, do)
}
