package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

// readyWithin bounds how long a replica may take from its start to being ready. It is
// long because a machine may have two cores for all of this.
const readyWithin = 90 * time.Second

// endWithin bounds how long a replica may take to end after SIGTERM. It is a pod's
// grace period.
const endWithin = 30 * time.Second

// replica is a process of meshward, as a pod would run it.
type replica struct {
	name    string
	address string // of the webhooks
	readyz  string
	log     string
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended
	status  error         // how; set before ended is closed
	unmount func()
}

// startReplica starts a replica. It returns an error if that cannot be run.
func startReplica(c *cluster.Cluster, binary, dir, name string, arguments []string) (*replica, error) {
	var ports [3]int
	for i := range ports {
		port, err := live.FreePort()
		if err != nil {
			return nil, err
		}
		ports[i] = port
	}
	r := &replica{
		name:    name,
		address: fmt.Sprintf("127.0.0.1:%d", ports[0]),
		readyz:  fmt.Sprintf("http://127.0.0.1:%d/readyz", ports[1]),
		log:     filepath.Join(dir, name+".log"),
		ended:   make(chan struct{}),
		unmount: func() {},
	}
	log, err := os.Create(r.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	arguments = append([]string{
		"serve", "--host", "127.0.0.1", "--port", fmt.Sprint(ports[0]),
		"--health-address", fmt.Sprintf("127.0.0.1:%d", ports[1]), "--metrics-address", fmt.Sprintf("127.0.0.1:%d", ports[2]),
	}, arguments...)
	r.command = c.Command(context.Background(), binary, arguments...)
	r.command.Stdout, r.command.Stderr = log, log
	// A group of its own, so that kill -9 takes it and not only its guard.
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		r.status = r.command.Wait()
		close(r.ended)
	}()
	return r, nil
}

// awaitReady returns when the replica says that it is ready.
func (r *replica) awaitReady(ctx context.Context) error {
	return await(ctx, r.name+" to be ready", readyWithin, func(ctx context.Context) error {
		select {
		case <-r.ended:
			return permanent{fmt.Errorf("%s ended: %w; the end of its log:\n%s", r.name, errors.Join(r.status, errors.New("exit")), lastOf(r.log))}
		default:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.readyz, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s; the end of its log:\n%s", response.Status, lastOf(r.log))
		}
		return nil
	})
}

// terminate asks the replica to end, as a kubelet does.
func (r *replica) terminate() error { return r.command.Process.Signal(syscall.SIGTERM) }

// kill ends the replica without its knowledge.
func (r *replica) kill() error { return syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL) }

// awaitEnd returns when the replica has ended by itself, with an error if it took too long
// or says that it failed.
func (r *replica) awaitEnd(ctx context.Context) error {
	defer r.unmount()
	late := time.NewTimer(endWithin)
	defer late.Stop()
	select {
	case <-r.ended:
		if r.status != nil {
			return fmt.Errorf("%s ended with %w; the end of its log:\n%s", r.name, r.status, lastOf(r.log))
		}
		return nil
	case <-late.C:
		return errors.Join(fmt.Errorf("%s has not ended %s after SIGTERM; the end of its log:\n%s", r.name, endWithin, lastOf(r.log)), r.kill())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leaf is the certificate that the replica shows.
func (r *replica) leaf(ctx context.Context) (*x509.Certificate, error) {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // it is looked at, not trusted
	connection, err := dialer.DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// lastOf is the end of a log.
func lastOf(path string) string {
	const lines = 8
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
