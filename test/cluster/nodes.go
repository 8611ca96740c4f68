package cluster

import (
	"context"
	"fmt"
	"runtime"
)

// maxNodes is as many as there are addresses for them.
const maxNodes = 254

type object = map[string]any

// createNodes registers the nodes as their kubelets would. kwok keeps what it
// finds in the status and fills in the rest, so the version is that of a real
// kubelet of this release.
func (c *Cluster) createNodes(ctx context.Context, count int) error {
	for i := range count {
		name := fmt.Sprintf("%s-node-%d", c.Name, i+1)
		node := object{
			"apiVersion": "v1",
			"kind":       "Node",
			"metadata": object{
				"name": name,
				"labels": object{
					"kubernetes.io/arch":     runtime.GOARCH,
					"kubernetes.io/hostname": name,
					"kubernetes.io/os":       "linux",
				},
			},
			"status": object{
				"addresses": []object{
					{"type": "InternalIP", "address": fmt.Sprintf("192.0.2.%d", i+1)}, // set aside for documentation
					{"type": "Hostname", "address": name},
				},
				"nodeInfo": object{
					"architecture":    runtime.GOARCH,
					"operatingSystem": "linux",
					"kubeletVersion":  c.Version,
				},
			},
		}
		if err := c.api.create(ctx, "/api/v1/nodes", node, nil); err != nil {
			return fmt.Errorf("create node %s: %w", name, err)
		}
	}
	return c.awaitNodes(ctx, count)
}

// awaitNodes waits until as many nodes are Ready.
func (c *Cluster) awaitNodes(ctx context.Context, count int) error {
	return poll(ctx, "the nodes to be Ready", func(ctx context.Context) error {
		var nodes struct {
			Items []struct {
				Status struct {
					Conditions []struct{ Type, Status string }
				}
			}
		}
		if err := c.api.get(ctx, "/api/v1/nodes", &nodes); err != nil {
			return err
		}
		ready := 0
		for _, node := range nodes.Items {
			for _, condition := range node.Status.Conditions {
				if condition.Type == "Ready" && condition.Status == "True" {
					ready++
				}
			}
		}
		if ready < count {
			return fmt.Errorf("%d of %d are", ready, count)
		}
		return nil
	})
}
