package live_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

var update = flag.Bool("update", false, "rewrite what the cases want")

// stage is a control plane with meshward in front of it. All tests share one.
type stage struct {
	*cluster.Cluster
	door *live.Door
}

var opened = sync.OnceValues(func() (*stage, error) {
	ctx := context.Background() // it outlives the test that happens to be the first
	c, err := cluster.Start(ctx, cluster.Options{Name: "live", Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	used.Cluster = c
	used.door, err = live.Open(ctx, c, live.Options{Build: []string{"-race"}, Config: appliers})
	return &used, err
})

// used is what has to be closed at the end.
var used stage

func TestMain(m *testing.M) {
	code := m.Run()
	if err := used.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func (s *stage) close() error {
	if s.Cluster == nil {
		return nil
	}
	var log []byte
	if s.door != nil {
		log, _ = os.ReadFile(s.door.Log) // it goes with the cluster
	}
	if err := s.Stop(); err != nil {
		return err
	}
	if strings.Contains(string(log), "DATA RACE") {
		return fmt.Errorf("meshward's log:\n%s", log)
	}
	return nil
}

// open returns the stage with no traffic configuration on it, whatever other tests
// left behind.
func open(t *testing.T) *stage {
	t.Helper()
	s, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	s.clear(t)
	return s
}

// clear takes routes away before what they lead to, so nothing is held up.
func (s *stage) clear(t *testing.T) {
	t.Helper()
	const kinds = "virtualservices,destinationrules,gateways.networking.istio.io,sidecars,serviceentries,ingresses,deployments"
	// What others still rest on is refused at first, and goes once they are gone.
	first := s.Kubectl(t.Context(), "delete", kinds, "--all", "--all-namespaces")
	if out, err := first.CombinedOutput(); err != nil {
		t.Logf("first pass: %v\n%s", err, out)
	}
	s.kubectl(t, "", "delete", kinds, "--all", "--all-namespaces")
	s.kubectl(t, "", "delete", "services", "--all-namespaces", "--field-selector", "metadata.name!=kubernetes")
}

// kubectl runs kubectl with some input, and returns what it writes.
func (s *stage) kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	command := s.Kubectl(t.Context(), args...)
	command.Stdin = strings.NewReader(input)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, stderr(err))
	}
	return string(out)
}

// stderr is what a command that failed said of it.
func stderr(err error) string {
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as Output returns it
		return string(exit.Stderr)
	}
	return ""
}
