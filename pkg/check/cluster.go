package check

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cluster is all that is asked of an API server. Nothing of it stores anything.
type Cluster struct {
	client.Reader
	// Version is that of the API server, as in v1.34.1.
	Version func(ctx context.Context) (string, error)
	// Serves returns the resources of a group version, as in networking.istio.io/v1; none
	// where it is not served.
	Serves func(ctx context.Context, groupVersion string) ([]string, error)
	// Try has an object admitted and not stored. The object becomes what it was admitted as.
	Try func(ctx context.Context, object client.Object) (warnings []string, err error)
	// May asks what a user may do.
	May func(ctx context.Context, what *authorizationv1.SubjectAccessReviewSpec) (bool, error)
}
