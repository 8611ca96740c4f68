package live_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meshward/meshward/test/live"
)

// TestScripts shows what users see with kubectl: each script of testdata has the
// cluster in its environment and the namespace $NS to itself. Besides kubectl
// and curl, it may say "eventually TEXT COMMAND..." for what takes effect a moment
// after it is stored, and "interfere FILE" for another webhook that patches pods
// after meshward.
func TestScripts(t *testing.T) {
	s := open(t)
	params := s.scripts()
	params.Dir = "testdata"
	params.Setup = func(env *testscript.Env) error { return s.setup(t.Context(), env) }
	t.Run("scripts", func(t *testing.T) { testscript.Run(t, params) })
}

// TestAlone plays the scripts of testdata/alone, which change what all the others rest
// on, such as the nodes. They are like those of TestScripts, but have the cluster to
// themselves.
func TestAlone(t *testing.T) {
	s := open(t)
	files, err := filepath.Glob("testdata/alone/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			params := s.scripts()
			params.Files = []string{file}
			params.Setup = func(env *testscript.Env) error {
				env.Defer(func() { s.kubectl(t, "", "delete", "nodes", "--selector", "test=alone") })
				return s.setup(t.Context(), env)
			}
			testscript.Run(t, params)
		})
	}
}

// TestScenarios plays the scripts of test/scenarios, each a document on Istio in
// its own order and with the mistakes that people make at each step. They use the
// documents' own namespaces and hosts, so they follow one another, each on a
// cluster without traffic configuration.
func TestScenarios(t *testing.T) {
	s := open(t)
	files, err := filepath.Glob(filepath.Join(live.Root(), "test", "scenarios", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s.clear(t)
			params := s.scripts()
			params.Files = []string{file}
			params.Setup = s.environment
			testscript.Run(t, params)
		})
	}
}

func (s *stage) scripts() testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"eventually": eventually,
			"interfere":  s.interfere,
			"mistake":    mistake,
		},
	}
}

// environment lets a script reach the cluster and meshward.
func (s *stage) environment(env *testscript.Env) error {
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		env.Setenv(name, value)
	}
	env.Setenv("CA", base64.StdEncoding.EncodeToString(s.CA()))
	env.Setenv("METRICS", s.door.Metrics)
	env.Setenv("ROOT", live.Root())
	env.Setenv("MESHWARD", s.door.Binary)
	env.Setenv("CERTIFICATES", filepath.Dir(s.door.Binary))
	return nil
}

func (s *stage) setup(ctx context.Context, env *testscript.Env) error {
	if err := s.environment(env); err != nil {
		return err
	}
	namespace := namespaceOf(env)
	env.Setenv("NS", namespace)
	for _, variable := range []string{"PORT", "HEALTH_PORT", "METRICS_PORT"} {
		port, err := live.FreePort()
		if err != nil {
			return err
		}
		env.Setenv(variable, strconv.Itoa(port))
	}
	if out, err := s.Kubectl(ctx, "create", "namespace", namespace).CombinedOutput(); err != nil {
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

// mistake applies a file as somebody would write it who gets one thing wrong: the
// text OLD is NEW everywhere. The answer has to match the expression, and be a
// denial or a warning and no denial. Nothing is stored either way.
func mistake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 || args[0] != "denied" && args[0] != "warned" {
		ts.Fatalf("usage: mistake denied|warned EXPRESSION FILE OLD NEW")
	}
	expression, text := regexp.MustCompile(args[1]), ts.ReadFile(args[2])
	if !strings.Contains(text, args[3]) {
		ts.Fatalf("%s does not contain %q", args[2], args[3])
	}
	changed := strings.ReplaceAll(text, args[3], args[4])
	ts.Check(os.WriteFile(ts.MkAbs("mistake.yaml"), []byte(changed), 0o600))
	if args[0] == "denied" {
		err := ts.Exec("kubectl", "apply", "-f", "mistake.yaml")
		if answer := ts.ReadFile("stderr"); err == nil || !strings.Contains(answer, "denied the request") || !expression.MatchString(answer) {
			ts.Fatalf("want a denial that matches %q", args[1])
		}
		return
	}
	err := ts.Exec("kubectl", "apply", "--dry-run=server", "-f", "mistake.yaml")
	answer := ts.ReadFile("stderr")
	if err != nil || strings.Contains(answer, "would be denied") || !expression.MatchString(answer) {
		ts.Fatalf("want a warning that matches %q: %v", args[1], err)
	}
}
