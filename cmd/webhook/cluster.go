package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshward/meshward/pkg/feed"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/report"
)

// clusterFlags say of which cluster the objects are known.
type clusterFlags struct {
	use        bool
	kubeconfig string
	context    string
}

func (c *clusterFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&c.use, "cluster", false, "what a cluster holds is there already; implies --complete (see --context)")
	c.addWhich(flags)
}

// addWhich adds the flags that say which cluster, where one is read in any case.
func (c *clusterFlags) addWhich(flags *pflag.FlagSet) {
	flags.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: as kubectl finds it)")
	flags.StringVar(&c.context, "kube-context", "", "context of the kubeconfig (default: its current one)")
}

// clusterWithin bounds each question to the API server.
const clusterWithin = 30 * time.Second

// open finds the cluster as kubectl does, and the namespace of its context. Both
// are empty where no cluster is asked for.
func (c *clusterFlags) open() (cluster *rest.Config, namespace string, err error) {
	if !c.use {
		if c.kubeconfig != "" || c.context != "" {
			return nil, "", errors.New("--kubeconfig and --kube-context say which cluster to read; add --cluster to read it")
		}
		return nil, "", nil
	}
	files := clientcmd.NewDefaultClientConfigLoadingRules()
	files.ExplicitPath = c.kubeconfig
	found := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(files, &clientcmd.ConfigOverrides{CurrentContext: c.context})
	if cluster, err = found.ClientConfig(); err == nil {
		namespace, _, err = found.Namespace()
	}
	if clientcmd.IsEmptyConfig(err) {
		return nil, "", errors.New("there is no kubeconfig; name one with --kubeconfig")
	}
	if err != nil {
		return nil, "", fmt.Errorf("the kubeconfig names no cluster: %w", err)
	}
	cluster.QPS = -1 // a handful of lists
	cluster.Timeout = clusterWithin
	return cluster, namespace, nil
}

// readCluster returns what a cluster holds, nothing where there is none. Objects
// that we cannot read are skipped.
func readCluster(ctx context.Context, cluster *rest.Config) (objects []*mesh.Object, skipped []report.Skipped, err error) {
	if cluster == nil {
		return nil, nil, nil
	}
	objects, unreadable, err := feed.Read(ctx, cluster)
	if err != nil {
		return nil, nil, fmt.Errorf("the cluster %s: %w", cluster.Host, err)
	}
	for _, reason := range unreadable {
		skipped = append(skipped, report.Skipped{File: cluster.Host, Reason: reason.Error()})
	}
	return objects, skipped, nil
}

// over lays objects of files over others, which they replace. Whoever writes an
// object anew does not make it younger, and istiod goes by age.
func over(stored, files []*mesh.Object) []*mesh.Object {
	under := make(map[mesh.Ref]*mesh.Object, len(stored))
	for _, object := range stored {
		under[object.Ref] = object
	}
	for _, object := range files {
		if old := under[object.Ref]; old != nil && !old.Created.IsZero() {
			object.Created = old.Created
		}
		delete(under, object.Ref)
	}
	all := make([]*mesh.Object, 0, len(under)+len(files))
	for _, object := range stored {
		if under[object.Ref] != nil {
			all = append(all, object)
		}
	}
	return append(all, files...)
}
