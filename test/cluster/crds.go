package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
)

// installCRDs creates the definitions of a file of YAML documents and waits until
// every client can find their resources, which is some time after the definitions
// are Established.
func (c *Cluster) installCRDs(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read custom resource definitions: %w", err)
	}
	var tasks []func(context.Context) error
	var definitions []*definition
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		if !bytes.Contains(document, []byte("kind: CustomResourceDefinition")) {
			continue // comments
		}
		created := &definition{}
		definitions = append(definitions, created)
		tasks = append(tasks, func(ctx context.Context) error {
			return c.api.createYAML(ctx, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", document, created)
		})
	}
	if err := together(ctx, tasks...); err != nil {
		return fmt.Errorf("create the custom resource definitions of %s: %w", file, err)
	}
	return poll(ctx, "the custom resources to be served", func(ctx context.Context) error {
		served, err := c.api.discover(ctx)
		if err != nil {
			return err
		}
		for _, d := range definitions {
			if resource := d.Spec.Names.Plural + "." + d.Spec.Group; !served[resource] {
				return fmt.Errorf("%s is not", resource)
			}
		}
		return nil
	})
}

// definition is what a custom resource definition says of its resource.
type definition struct {
	Spec struct {
		Group string
		Names struct{ Plural string }
	}
}
