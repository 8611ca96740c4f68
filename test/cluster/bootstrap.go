package cluster

import (
	"context"
)

// bootstrap starts what needs an API server, and does what a test takes for
// granted.
func (c *Cluster) bootstrap(ctx context.Context, crds string, nodes int) error {
	err := poll(ctx, "the API server to be ready", func(ctx context.Context) error { return c.api.get(ctx, "/readyz", nil) })
	if err != nil {
		return err
	}
	var version struct{ GitVersion string }
	if err := c.api.get(ctx, "/version", &version); err != nil {
		return err
	}
	c.Version = version.GitVersion
	if err := c.run("kube-controller-manager", c.controllerManagerArgs()); err != nil {
		return err
	}
	if err := c.run("kube-scheduler", c.schedulerArgs()); err != nil {
		return err
	}
	if err := c.run("kwok", c.kwokArgs()); err != nil {
		return err
	}
	return together(ctx,
		func(ctx context.Context) error { return c.createNodes(ctx, nodes) },
		func(ctx context.Context) error { return c.installCRDs(ctx, crds) },
		c.awaitDefaultServiceAccount,
	)
}

// awaitDefaultServiceAccount waits for the first thing that a pod needs and that
// nobody but the controllers makes.
func (c *Cluster) awaitDefaultServiceAccount(ctx context.Context) error {
	return poll(ctx, "the default ServiceAccount", func(ctx context.Context) error {
		return c.api.get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
	})
}
