package live_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestEmergency plays the scripts of testdata/emergency, which do what docs/operations.md
// says for the worst hours. They change the installation itself, and are like those of
// TestScripts otherwise. After each of them the installation is as it was.
func TestEmergency(t *testing.T) {
	s := open(t)
	files, err := filepath.Glob("testdata/emergency/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	to := s.api(t)
	s.prepare(t, to)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			params := s.scripts()
			params.Files = []string{file}
			params.Setup = func(env *testscript.Env) error {
				env.Defer(func() { s.restore(t, to) })
				return s.setup(t.Context(), env)
			}
			testscript.Run(t, params)
		})
	}
}

// prepare stores what admitPod and admitRoute are about.
func (s *stage) prepare(t *testing.T, to api) {
	t.Helper()
	s.must(t, to, "Service", "rolled", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"rolled"},"spec":{"ports":[{"name":"http","port":80}]}}`)
	s.must(t, to, "DestinationRule", "rolled", ruleOf("rolled", 1))
	s.kubectl(t, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"rolled","labels":{"istio-injection":"enabled"}}}`, "apply", "-f", "-")
}

// restore installs meshward as it was, and waits until the API server asks it again.
func (s *stage) restore(t *testing.T, to api) {
	t.Helper()
	s.kubectl(t, "", "apply", "-k", filepath.Dir(s.door.Binary))
	s.kubectl(t, "", "delete", "clusterrolebinding/on-call", "clusterrole/meshward-break-glass", "--ignore-not-found")
	s.eventually(t, "the door is asked", func() error {
		injected, judged := s.asked(t, "inject"), s.asked(t, "validate")
		if err := errors.Join(admitPod(t.Context(), to), admitRoute(t.Context(), to)); err != nil {
			return err
		}
		if s.asked(t, "inject") == injected || s.asked(t, "validate") == judged {
			return errors.New("somebody else is asked")
		}
		return nil
	})
}

// eventually asks until there is no error: what is stored takes effect a moment later.
func (s *stage) eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	const patience = time.Minute
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
	}
}
