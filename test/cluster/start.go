package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/meshward/meshward/test/cluster/internal/pki"
)

// patience is how long a cluster may take to be ready. It takes a tenth of that
// on a machine that has nothing else to do.
const patience = 2 * time.Minute

// Start starts a cluster and returns it when it is ready: the API server serves
// Istio's resources, the default ServiceAccount exists and the nodes are Ready.
// The first time on a machine, and after an update, it builds the programs, which
// takes minutes. The cluster lives until Stop, and no longer than this process;
// ctx bounds the start alone.
//
// If the folder that KUBEBUILDER_ASSETS names has etcd, kube-apiserver or kubectl,
// these are used in place of those that were built.
//
// It returns an error if an option cannot be met, if the build fails, with
// ErrRunning if the directory is in use, and, with the end of its log, if a
// program ends by itself.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	programs, err := programs(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	played, err := programOfEachRole(programs.ControlPlane())
	if err != nil {
		return nil, err
	}
	directory, err := claim(options.Dir)
	if err != nil {
		return nil, err
	}
	c, err := newCluster(directory.path)
	if err != nil {
		return nil, errors.Join(err, directory.discard())
	}
	c.Name, c.guard, c.niceness = options.Name, programs.Guard(), options.Niceness
	c.supervisor, err = supervise(directory, c.leash)
	if err != nil {
		return nil, errors.Join(err, directory.discard())
	}
	if err := c.start(ctx, programs.IstioCRDs(), played, options); err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			c.supervisor.stop(errStopped) // nobody will ask why it was not ready
		}
		c.supervisor.stop(err)
		<-c.supervisor.stopped
		return nil, fmt.Errorf("start a cluster in %s: %w", c.Dir, errors.Join(err, c.supervisor.cleanUpErr))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, crds string, played map[string]string, options Options) error {
	ctx, cancel := c.whileRunning(ctx)
	defer cancel()
	etcd, err := reservePort()
	if err != nil {
		return err
	}
	defer etcd.release()
	apiServer, err := reservePort()
	if err != nil {
		return err
	}
	defer apiServer.release()
	c.URL = fmt.Sprintf("https://%s:%d", loopback, apiServer.number)
	if err := c.prepare(played); err != nil {
		return err
	}
	if err := c.run("etcd", c.etcdArgs(etcd)); err != nil {
		return err
	}
	if err := c.run("kube-apiserver", c.apiServerArgs(apiServer, etcd, options.APIServerArgs)); err != nil {
		return err
	}
	if err := c.bootstrap(ctx, crds, options.Nodes); err != nil {
		return err
	}
	return c.writeState()
}

// whileRunning bounds ctx by patience, and by the supervisor: when a program ends,
// nothing that is waited for will come.
func (c *Cluster) whileRunning(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, expire := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the cluster was not ready after %s", patience))
	ctx, give := context.WithCancelCause(ctx)
	detach := context.AfterFunc(c.supervisor.stopping, func() { give(context.Cause(c.supervisor.stopping)) })
	return ctx, func() { detach(); give(nil); expire() }
}

// prepare writes what the programs are going to read.
func (c *Cluster) prepare(played map[string]string) error {
	if err := c.linkPrograms(played); err != nil {
		return err
	}
	authority, err := pki.NewAuthority(c.Name)
	if err != nil {
		return err
	}
	if err := c.trust(authority); err != nil {
		return err
	}
	if err := c.issue(); err != nil {
		return err
	}
	return c.writeKubeconfigs()
}

// linkPrograms gives every role its name in BinDir, which is also how a program
// learns which role it has.
func (c *Cluster) linkPrograms(played map[string]string) error {
	for role, program := range played {
		if err := os.Symlink(program, filepath.Join(c.BinDir, role)); err != nil {
			return fmt.Errorf("link a program: %w", err)
		}
	}
	return nil
}

// run starts the program of a role. It knows nothing of the user: no preferences,
// no proxy, no credentials.
func (c *Cluster) run(role string, args []string) error {
	program := []string{filepath.Join(c.BinDir, role)}
	if c.niceness > 0 {
		program = append([]string{"nice", "-n", strconv.Itoa(c.niceness)}, program...)
	}
	command := exec.Command(c.guard, append(program, args...)...)
	command.Dir = c.path(homeFolder)
	command.Env = []string{"HOME=" + c.path(homeFolder), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	return c.supervisor.start(role, args, command, c.path(logFolder, role+".log"))
}
