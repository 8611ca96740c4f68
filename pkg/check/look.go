package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// look is one check's look at a cluster.
type look struct {
	Cluster
	Options
	Result

	seen *memory
}

// memory is what several checks look at. It is read once.
type memory struct {
	version        string
	configurations remembered[[]configuration]
	namespaces     remembered[[]corev1.Namespace]
	deployment     remembered[*appsv1.Deployment]
}

type remembered[T any] struct {
	read  bool
	value T
	err   error
}

func (r *remembered[T]) get(read func() (T, error)) (T, error) {
	if !r.read {
		r.value, r.err = read()
		r.read = true
	}
	return r.value, r.err
}

// applied is a fix that is good for whatever was changed or left out.
const applied = "apply the manifests again, as in: kubectl apply -k config/default"

func (l *look) error(of Object, fix, problem string, args ...any) {
	l.Findings = append(l.Findings, Finding{Error, of, fmt.Sprintf(problem, args...), fix})
}

func (l *look) warn(of Object, fix, problem string, args ...any) {
	l.Findings = append(l.Findings, Finding{Warning, of, fmt.Sprintf(problem, args...), fix})
}

func (l *look) note(text string, args ...any) { l.Notes = append(l.Notes, fmt.Sprintf(text, args...)) }

// unseen tells of what could not be looked at, once.
func (l *look) unseen(what string, err error) {
	text := oneLine(what + ": " + err.Error())
	if !slices.Contains(l.Unseen, text) {
		l.Unseen = append(l.Unseen, text)
	}
}

// oneLine makes a line of what an API server says, which may be several.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// get reads an object. It reports false where that is not there, or could not be looked at.
func (l *look) get(ctx context.Context, of Object, into client.Object) (there, seen bool) {
	err := l.Get(ctx, client.ObjectKey{Namespace: of.Namespace, Name: of.Name}, into)
	if apierrors.IsNotFound(err) {
		return false, true
	}
	if err != nil {
		l.unseen(of.String(), err)
		return false, false
	}
	return true, true
}

// namespaces returns all namespaces.
func (l *look) namespaces(ctx context.Context) ([]corev1.Namespace, bool) {
	all, err := l.seen.namespaces.get(func() ([]corev1.Namespace, error) {
		var list corev1.NamespaceList
		err := l.List(ctx, &list)
		return list.Items, err
	})
	if err != nil {
		l.unseen("the namespaces", err)
	}
	return all, err == nil
}

// installed returns the webhook configurations that are ours.
func (l *look) installed(ctx context.Context) ([]configuration, bool) {
	all, ok := l.configurations(ctx)
	var ours []configuration
	for _, c := range all {
		if c.isOurs() {
			ours = append(ours, c)
		}
	}
	return ours, ok
}

// configurations returns all webhook configurations, ours and those of others.
func (l *look) configurations(ctx context.Context) ([]configuration, bool) {
	all, err := l.seen.configurations.get(func() ([]configuration, error) { return readConfigurations(ctx, l) })
	if err != nil {
		l.unseen("the webhook configurations", err)
	}
	return all, err == nil
}
