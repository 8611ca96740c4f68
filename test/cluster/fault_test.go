package cluster_test

import (
	"testing"

	"github.com/meshward/meshward/test/cluster"
)

func TestProgramsArePausedAndRestarted(t *testing.T) {
	t.Parallel()
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	resume, err := c.Pause("etcd")
	if err != nil {
		t.Fatal(err)
	}
	create := []string{"create", "configmap", "fault", "--request-timeout=2s"}
	if out, err := tryKubectl(c, "", create...); err == nil {
		t.Errorf("something was stored while etcd was paused: %s", out)
	}
	if err := resume(); err != nil {
		t.Fatal(err)
	}
	kubectl(t, c, "create", "configmap", "resumed")

	if err := c.Restart(t.Context(), "kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	kubectl(t, c, "delete", "configmap", "resumed")
	if err := c.Restart(t.Context(), "no-such-program"); err == nil {
		t.Error("what does not run was restarted")
	}
}
