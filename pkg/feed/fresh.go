package feed

import (
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Fresh returns the current snapshot with some namespaces as the API server has
// them at this moment, which a watch may not have brought yet; the empty name
// stands for all of them. It is for the rare request that would be refused: what
// it reads grows with the namespaces. It returns an error where the API server
// does not answer before ctx is done.
//
// Where storage fails, or does not answer in half of that time, as while etcd elects a
// leader, what the API server remembers of it counts: what watches bring comes from there.
// Where the API server takes no call, as one that ends and has a last request reviewed, what
// watches have brought counts if they were there a moment ago: it takes no writes either.
func (f *Feed) Fresh(ctx context.Context, namespaces []string) (*mesh.Snapshot, error) {
	stored, cancel := halfOf(ctx)
	defer cancel()
	fresh, err := f.fresh(stored, namespaces, false)
	if err != nil && ctx.Err() == nil {
		fresh, err = f.fresh(ctx, namespaces, true)
	}
	if err != nil && ctx.Err() == nil && isAway(err) && f.contact.stale() < aMoment {
		return f.Snapshot(), nil
	}
	return fresh, err
}

// aMoment is how long watches may have failed for what they have brought to count as new.
const aMoment = 10 * time.Second

// isAway reports whether an API server did not take a call, or said that it has no time.
func isAway(err error) bool {
	var status apierrors.APIStatus
	return !errors.As(err, &status) || apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err)
}

// remembered asks an API server for what it has in memory.
type remembered struct{}

// ApplyToList makes it an option.
func (remembered) ApplyToList(to *client.ListOptions) {
	to.Raw = &metav1.ListOptions{ResourceVersion: "0"}
}

// halfOf is a context with half of the time that is left.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// fresh returns the snapshot as it is now, with what reads that begin after this find: the
// other way round, what a watch brings meanwhile would be undone by an older read.
func (f *Feed) fresh(ctx context.Context, namespaces []string, remembered bool) (*mesh.Snapshot, error) {
	now := f.Snapshot()
	found, err := f.reads.all(ctx, f.scopes(namespaces, remembered))
	if err != nil {
		return nil, err
	}
	var changes []mesh.Change
	for of, listed := range found {
		changes = append(changes, replacing(now.Objects(of.kind, of.namespace), listed)...)
	}
	return now.Apply(changes...), nil
}

// A kind is read of all namespaces, in one list that every denial shares, where that is
// hardly more than a list for each: where the cluster holds few of it, or many namespaces are
// asked for.
const (
	fewObjects     = 200
	mostNamespaces = 10
)

func (f *Feed) scopes(namespaces []string, remembered bool) []scope {
	whole := slices.Contains(namespaces, "") || len(namespaces) > mostNamespaces
	var scopes []scope
	for _, s := range f.stores {
		if whole || s.wide || s.objects.Load() <= fewObjects {
			scopes = append(scopes, scope{s.kind, "", remembered})
			continue
		}
		for _, namespace := range namespaces {
			scopes = append(scopes, scope{s.kind, namespace, remembered})
		}
	}
	return scopes
}

func (f *Feed) list(ctx context.Context, of scope) (holds, error) {
	from, _ := sourceOf(of.kind)
	var how []client.ListOption
	if of.remembered {
		how = append(how, remembered{})
	}
	objects, skipped, err := from.read(ctx, f.client, of.namespace, how...)
	for _, unreadable := range skipped {
		f.skip(unreadable)
	}
	listed := make(holds, len(objects))
	for _, object := range objects {
		listed[object.Ref] = object
	}
	return listed, err
}
