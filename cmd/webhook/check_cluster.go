package main

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/check"
)

// asker asks an API server for "meshward check", one question at a time.
type asker struct {
	client.Client

	discovery discovery.DiscoveryInterfaceWithContext
	warnings  []string // of the last answer
}

// askedBy returns all that may be asked of a cluster. Nothing of it stores anything.
func askedBy(config *rest.Config) (check.Cluster, error) {
	a := &asker{}
	config = rest.CopyConfig(config)
	config.WarningHandlerWithContext = a
	var err error
	if a.Client, err = client.New(config, client.Options{}); err != nil {
		return check.Cluster{}, fmt.Errorf("no client for %s: %w", config.Host, err)
	}
	plain, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return check.Cluster{}, fmt.Errorf("no client for %s: %w", config.Host, err)
	}
	a.discovery = discovery.ToDiscoveryInterfaceWithContext(plain)
	return check.Cluster{Reader: a.Client, Version: a.version, Serves: a.serves, Try: a.try, May: a.may}, nil
}

// HandleWarningHeaderWithContext keeps what the API server warns of.
func (a *asker) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	const miscellaneous = 299 // the only code in use
	if code == miscellaneous {
		a.warnings = append(a.warnings, text)
	}
}

func (a *asker) version(ctx context.Context) (string, error) {
	version, err := a.discovery.ServerVersionWithContext(ctx)
	if err != nil {
		return "", err
	}
	return version.GitVersion, nil
}

func (a *asker) serves(ctx context.Context, groupVersion string) ([]string, error) {
	list, err := a.discovery.ServerResourcesForGroupVersionWithContext(ctx, groupVersion)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	resources := make([]string, 0, len(list.APIResources))
	for i := range list.APIResources {
		resources = append(resources, list.APIResources[i].Name)
	}
	return resources, nil
}

func (a *asker) try(ctx context.Context, object client.Object) ([]string, error) {
	a.warnings = nil
	err := a.Create(ctx, object, client.DryRunAll)
	return a.warnings, err
}

// may asks for an answer that nobody stores.
func (a *asker) may(ctx context.Context, what *authorizationv1.SubjectAccessReviewSpec) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: *what}
	err := a.Create(ctx, review)
	return review.Status.Allowed, err
}
