package live_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

var update = flag.Bool("update", false, "rewrite the wanted output of the scripts")

// TestScripts shows what users see with kubectl: each script of testdata has the
// cluster in its environment and the namespace $NS to itself. Besides kubectl
// and curl, it may say "eventually COMMAND..." for what takes effect a moment
// after it is stored.
func TestScripts(t *testing.T) {
	c, err := cluster.Start(t.Context(), cluster.Options{Name: "live", Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	door, err := live.Open(t.Context(), c, "-race")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("scripts", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			UpdateScripts:       *update,
			Cmds:                map[string]func(*testscript.TestScript, bool, []string){"eventually": eventually},
			Setup:               func(env *testscript.Env) error { return setup(t.Context(), env, c, door) },
		})
	})
	if log, err := os.ReadFile(door.Log); err != nil || strings.Contains(string(log), "DATA RACE") {
		t.Errorf("meshward's log: %v\n%s", err, log)
	}
}

func setup(ctx context.Context, env *testscript.Env, c *cluster.Cluster, door *live.Door) error {
	namespace := namespaceOf(env)
	for _, variable := range c.Env() {
		name, value, _ := strings.Cut(variable, "=")
		env.Setenv(name, value)
	}
	env.Setenv("NS", namespace)
	env.Setenv("METRICS", door.Metrics)
	env.Setenv("ROOT", live.Root())
	env.Setenv("MESHWARD", door.Binary)
	env.Setenv("CERTIFICATES", filepath.Dir(door.Binary))
	for _, variable := range []string{"PORT", "HEALTH_PORT"} {
		port, err := live.FreePort()
		if err != nil {
			return err
		}
		env.Setenv(variable, strconv.Itoa(port))
	}
	if out, err := c.Kubectl(ctx, "create", "namespace", namespace).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// namespaceOf is a namespace that is named after the script: its working folder
// is called script-NAME.
func namespaceOf(env *testscript.Env) string {
	return strings.TrimPrefix(env.WorkDir[strings.LastIndex(env.WorkDir, "/")+1:], "script-")
}

// eventually repeats a command until it succeeds with the text that comes first
// in its output, as in "eventually 2/2 kubectl get pods".
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	const patience = 30 * time.Second
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually TEXT COMMAND [ARGUMENT...]")
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("not within %s: %v", patience, err)
		}
	}
}
