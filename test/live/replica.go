package live

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Replica is one more meshward beside that of a Door, with the same rights, certificate
// and configuration. No webhook configuration names it.
type Replica struct {
	// Address is where it serves the webhooks.
	Address string
	// Ready is the URL that answers with 200 while it is ready.
	Ready string
	// Metrics is the URL of its metrics.
	Metrics string
	// Log is the path of what it writes.
	Log string

	command *exec.Cmd
}

// Replica starts one that is called name, with more arguments for "meshward serve". It
// does not wait until the replica is ready. It ends with the cluster.
func (d *Door) Replica(ctx context.Context, name string, more ...string) (*Replica, error) {
	kubeconfig, err := d.cluster.ServiceAccountKubeconfig(ctx, "meshward-system", "meshward")
	if err != nil {
		return nil, err
	}
	var ports [3]int
	for i := range ports {
		if ports[i], err = FreePort(); err != nil {
			return nil, err
		}
	}
	address := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	r := &Replica{
		Address: address(0),
		Ready:   "http://" + address(1) + "/readyz",
		Metrics: "http://" + address(2) + "/metrics",
		Log:     filepath.Join(d.dir, name+".log"),
	}
	arguments := []string{
		"serve", "--kubeconfig", kubeconfig, "--cert-dir", d.dir, "--host", "127.0.0.1", "--port", fmt.Sprint(ports[0]),
		"--health-address", address(1), "--metrics-address", address(2),
	}
	if d.config != "" {
		arguments = append(arguments, "--config", filepath.Join(d.dir, "config.yaml"))
	}
	log, err := os.Create(r.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.command = d.cluster.Command(context.WithoutCancel(ctx), d.Binary, append(arguments, more...)...)
	r.command.Stdout, r.command.Stderr = log, log
	return r, r.command.Start()
}

// Stop asks the replica to end, as a kubelet does, and returns when it has. It returns an
// error where that is not how it ended.
func (r *Replica) Stop() error {
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := r.command.Wait(); err != nil {
		return fmt.Errorf("%w; the end of %s:\n%s", err, r.Log, tail(r.Log))
	}
	return nil
}
