package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshward/meshward/test/soak/load"
)

const (
	// pauseOfEtcd is how long etcd stands still.
	pauseOfEtcd = 5 * time.Second
	// repairedWithin bounds how long it may take until a fault is repaired.
	repairedWithin = 2 * time.Minute
)

// killLeader kills the replica that leads, or any where none does, and returns when
// another has taken its place.
func (s *stage) killLeader(ctx context.Context) error {
	victim := s.fleet.all()[0]
	lease, err := s.client.CoordinationV1().Leases(ownNamespace).Get(ctx, ownName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err): // nothing that only one may do
		s.tell("  nobody leads, as nothing needs a leader; %s is killed", victim.name)
	case err != nil:
		return err
	default:
		holder := *lease.Spec.HolderIdentity
		process, err := strconv.Atoi(holder[strings.LastIndex(holder, "_")+1:])
		if err != nil {
			return fmt.Errorf("who leads is %q, which names no process", holder)
		}
		if victim = s.fleet.of(process); victim == nil {
			return fmt.Errorf("who leads is %q, which is no replica", holder)
		}
	}
	if err := s.fleet.killed(ctx, victim); err != nil {
		return err
	}
	if lease == nil || lease.Spec.HolderIdentity == nil {
		return nil
	}
	took, err := timed(func() error {
		return await(ctx, "another leader", repairedWithin, func(ctx context.Context) error {
			now, err := s.client.CoordinationV1().Leases(ownNamespace).Get(ctx, ownName, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if holder := *now.Spec.HolderIdentity; holder == "" || holder == *lease.Spec.HolderIdentity {
				return fmt.Errorf("it is %q", holder)
			}
			return nil
		})
	})
	s.tell("  another replica leads %s later", took)
	return err
}

// restartAPIServer restarts the API server. Its metrics begin anew, so they are read
// before.
func (s *stage) restartAPIServer(ctx context.Context) error {
	if err := s.countFailures(ctx); err != nil {
		return err
	}
	return s.Restart(ctx, "kube-apiserver")
}

func (s *stage) pauseEtcd(ctx context.Context) error {
	resume, err := s.Pause("etcd")
	if err != nil {
		return err
	}
	select {
	case <-time.After(pauseOfEtcd):
	case <-ctx.Done():
	}
	return resume()
}

// spoilBundle writes a caBundle that is of no use, and returns when the right one is back
// and admissions work. Nobody can be admitted in between, whatever the webhook does, so
// the load pauses.
func (s *stage) spoilBundle(value []byte) func(context.Context) error {
	return func(ctx context.Context) error {
		defer s.load.Pause()()
		if err := s.countFailures(ctx); err != nil {
			return err
		}
		if err := s.bundle(ctx, value); err != nil {
			return err
		}
		took, err := timed(func() error { return await(ctx, "the right caBundle", repairedWithin, s.trusted) })
		if err != nil {
			return err
		}
		s.tell("  the right caBundle is back %s later", took)
		if err := await(ctx, "admissions", repairedWithin, s.load.Once); err != nil {
			return err
		}
		return s.forgetFailures(ctx)
	}
}

// loseSecret deletes the Secret that a certificate is in, and returns when it is back and
// every replica is trusted. Admissions go on.
func (s *stage) loseSecret(ctx context.Context) error {
	before, err := s.client.CoreV1().Secrets(ownNamespace).Get(ctx, s.mode.secret, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := s.deleteSecret(ctx, s.mode.secret); err != nil {
		return err
	}
	took, err := timed(func() error {
		return await(ctx, "the Secret "+s.mode.secret, repairedWithin, func(ctx context.Context) error {
			now, err := s.client.CoreV1().Secrets(ownNamespace).Get(ctx, s.mode.secret, metav1.GetOptions{})
			switch {
			case err != nil:
				return err
			case now.UID == before.UID:
				return errors.New("it is the old one")
			case len(now.Data["tls.crt"]) == 0:
				return errors.New("it is empty")
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	s.tell("  the Secret %s is back %s later", s.mode.secret, took)
	return await(ctx, "every replica to be trusted", repairedWithin, s.trusted)
}

// allDead has both configurations fail closed, kills every replica, and looks at what still
// works: what a cluster needs to come back. Then the replicas start again, and nothing else
// is done.
func (s *stage) allDead(ctx context.Context) error {
	defer s.load.Pause()()
	if err := s.countFailures(ctx); err != nil {
		return err
	}
	if err := s.failurePolicy(ctx, admissionregistration.Fail); err != nil {
		return err
	}
	if err := s.fleet.die(); err != nil {
		return err
	}
	if err := s.whileDead(ctx); err != nil {
		return err
	}
	took, err := timed(func() error {
		if err := s.fleet.scale(ctx, replicas); err != nil {
			return err
		}
		return await(ctx, "admissions", repairedWithin, s.load.Once)
	})
	if err != nil {
		return err
	}
	s.tell("  admissions work %s after the replicas were started", took)
	if err := s.failurePolicy(ctx, admissionregistration.Ignore); err != nil {
		return err
	}
	return s.forgetFailures(ctx)
}

// whileDead looks at what is refused and at what still works.
func (s *stage) whileDead(ctx context.Context) error {
	closed := func(ctx context.Context) error {
		if err := s.createPod(ctx, load.Namespace); err == nil || !apierrors.IsInternalError(err) {
			return fmt.Errorf("a pod that needs a sidecar, with every replica dead: %w", err)
		}
		return nil
	}
	if err := await(ctx, "the configurations to fail closed", repairedWithin, closed); err != nil {
		return err
	}
	if err := s.createRoute(ctx); !apierrors.IsInternalError(err) {
		return permanent{fmt.Errorf("a route, with every replica dead and failurePolicy Fail: %w", err)}
	}
	for _, namespace := range []string{metav1.NamespaceSystem, ownNamespace} {
		if err := s.createPod(ctx, namespace); err != nil {
			return fmt.Errorf("a pod of %s, with every replica dead: %w", namespace, err)
		}
		s.tell("  %s takes pods with every replica dead", namespace)
	}
	return nil
}

// failurePolicy sets that of the validating webhook; the mutating ones fail closed as
// they ship.
func (s *stage) failurePolicy(ctx context.Context, to admissionregistration.FailurePolicyType) error {
	hooks := s.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	return retried(ctx, func() error {
		found, err := hooks.Get(ctx, ownName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for i := range found.Webhooks {
			found.Webhooks[i].FailurePolicy = &to
		}
		_, err = hooks.Update(ctx, found, metav1.UpdateOptions{})
		return err
	})
}

// createPod makes a pod that meets the restricted standard, and removes it again.
func (s *stage) createPod(ctx context.Context, namespace string) error {
	yes, no, now := true, false, int64(0)
	user := int64(65532)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "soak-"},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &now,
			SecurityContext:               &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: "app", Image: "example.com/app:1",
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			}},
		},
	}
	made, err := s.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return s.client.CoreV1().Pods(namespace).Delete(ctx, made.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
}

// createRoute asks for a route that is fine, without storing it.
func (s *stage) createRoute(ctx context.Context) error {
	route := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
		"metadata": map[string]any{"name": "while-dead"},
		"spec": map[string]any{
			"hosts": []any{"while-dead"},
			"http":  []any{map[string]any{"directResponse": map[string]any{"status": int64(http.StatusNotFound)}}},
		},
	}}
	_, err := s.dynamic.Resource(virtualServices).Namespace(load.Namespace).Create(ctx, route, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

var virtualServices = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"}
