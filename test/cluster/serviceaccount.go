package cluster

import (
	"context"
	"fmt"
	"net/url"
)

// ServiceAccountKubeconfig writes a kubeconfig by which a program has the rights
// of the given ServiceAccount and no other, and returns its path. Its token is
// good for a day. It returns an error if there is no such ServiceAccount.
func (c *Cluster) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	const day = 24 * 60 * 60 // seconds
	var token struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	request := map[string]any{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenRequest",
		"spec":       map[string]any{"expirationSeconds": day},
	}
	path := fmt.Sprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token", url.PathEscape(namespace), url.PathEscape(name))
	if err := c.api.create(ctx, path, request, &token); err != nil {
		return "", fmt.Errorf("get a token for ServiceAccount %s/%s: %w", namespace, name, err)
	}
	// No other kubeconfig has a dot in its name.
	file := namespace + "." + name
	return c.kubeconfig(file), c.writeKubeconfig(file, name, "    token: "+token.Status.Token+"\n")
}
