package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster/internal/leash"
	"github.com/meshward/meshward/test/cluster/internal/pki"
)

// Cluster is a control plane that is ready. Its fields are for reading; its
// methods are safe for concurrent use.
type Cluster struct {
	// Name is what the cluster is called in its kubeconfigs.
	Name string

	// Dir is the absolute path of the directory that holds everything the
	// cluster writes. The log of each program is in its folder logs.
	Dir string

	// URL is that of the API server, as in https://127.0.0.1:41873.
	URL string

	// Version is that of the API server, as in v1.36.3.
	Version string

	// Kubeconfig is the path of the admin's, who may do everything.
	Kubeconfig string

	// BinDir is a folder with kubectl and the other programs, to put on a PATH.
	BinDir string

	guard      string // path of the program that runs others on the leash
	niceness   int
	leash      *leash.Leash
	authority  *pki.Authority
	api        *apiClient
	supervisor *supervisor // nil if another process runs the cluster
}

// newCluster knows the paths of a cluster; the rest is for the caller to fill in.
func newCluster(dir string) (*Cluster, error) {
	leash, err := leash.New()
	if err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, BinDir: filepath.Join(dir, binFolder), leash: leash}
	c.Kubeconfig = c.kubeconfig("admin")
	return c, nil
}

// path is that of something in the cluster's directory.
func (c *Cluster) path(elements ...string) string {
	return filepath.Join(append([]string{c.Dir}, elements...)...)
}

// Env is what an environment needs beside the caller's own to reach the cluster:
// KUBECONFIG, a PATH that begins with BinDir, and a cache for kubectl, which
// otherwise takes what it knows of one cluster for true of the next on that port.
func (c *Cluster) Env() []string {
	return []string{
		"KUBECONFIG=" + c.Kubeconfig,
		"KUBECACHEDIR=" + c.path(homeFolder, "cache"),
		"PATH=" + c.BinDir + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
}

// Command is exec.CommandContext for a program that reaches the cluster by its
// environment and ends with the cluster, and with this process, at the latest.
// When ctx is done the program gets SIGTERM and five seconds before it is killed.
//
// The caller may add to the command's Env and ExtraFiles and must not replace them.
func (c *Cluster) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.guard, append([]string{program}, args...)...)
	command.Env = append(os.Environ(), c.Env()...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	c.leash.Tie(command)
	return command
}

// Kubectl is Command for kubectl, without the preferences of the user.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) *exec.Cmd {
	command := c.Command(ctx, filepath.Join(c.BinDir, "kubectl"), args...)
	command.Env = append(command.Env, "KUBERC=off")
	return command
}

// Done is closed when the cluster has stopped, also when that is because one of
// its programs ended by itself or because of Down. It is nil, and so never
// closed, in a cluster that was found.
func (c *Cluster) Done() <-chan struct{} {
	if c.supervisor == nil {
		return nil
	}
	return c.supervisor.stopped
}

// Stop ends the programs that Start started and returns when they are gone, with
// the directory if Start made it. It returns an error if a program had ended by
// itself, and then leaves the directory with the logs. A cluster that was found
// goes on. Stop may be called again, and returns the same.
func (c *Cluster) Stop() error {
	if c.supervisor == nil {
		c.leash.Release()
		return nil
	}
	c.supervisor.stop(errStopped)
	<-c.supervisor.stopped
	return errors.Join(c.supervisor.failure, c.supervisor.cleanUpErr)
}
