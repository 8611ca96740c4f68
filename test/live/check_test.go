package live_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCheck plants the faults of testdata/check in a sound installation, one after the
// other. Each script plants one, and says by "finds STATUS FILE" with which exit status
// "meshward check" ends and what exactly it says. The server is a plain process, which the
// API server calls by url; the Deployment of sound.yaml is there for what is stored of one.
func TestCheck(t *testing.T) {
	s := open(t)
	files, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no faults: %v", err)
	}
	defer func() { // and not by Cleanup, whose context has ended
		s.mend(t)
		s.kubectl(t, "", "delete", "-f", "testdata/check/sound.yaml")
	}()
	s.kubectl(t, "", "label", "namespaces", "--all", "istio-injection-", "istio.io/rev-") // as other tests left them
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s.mend(t)
			params := s.scripts()
			params.Files = []string{file}
			params.Cmds["finds"] = finds
			params.Setup = func(env *testscript.Env) error {
				calls := s.kubectl(t, "", "get", "validatingwebhookconfiguration", "meshward", "-o", "jsonpath={.webhooks[0].clientConfig.url}")
				env.Setenv("SERVER", strings.TrimSuffix(calls, "/validate"))
				return s.setup(t.Context(), env)
			}
			testscript.Run(t, params)
		})
	}
}

// mend makes the installation sound again.
func (s *stage) mend(t *testing.T) {
	t.Helper()
	folder := filepath.Dir(s.door.Binary)
	s.kubectl(t, "", "delete", "namespaces,mutatingwebhookconfigurations", "--selector", "test=planted", "--wait=false")
	s.kubectl(t, "", "apply", "-k", folder)
	s.kubectl(t, "", "apply", "-f", "testdata/check/sound.yaml")
	secret := s.kubectl(t, "", "-n", "meshward-system", "create", "secret", "tls", "meshward-tls", "--dry-run=client", "-o", "yaml",
		"--cert", filepath.Join(folder, "tls.crt"), "--key", filepath.Join(folder, "tls.key"))
	s.kubectl(t, secret, "apply", "-f", "-")
}

// unsteady is a note that depends on how meshward was built.
var unsteady = regexp.MustCompile(`(?m)^note: version: .*\n`)

// finds checks until the answer is the one that is wanted: some of what is stored takes
// effect a moment later.
func finds(ts *testscript.TestScript, neg bool, args []string) {
	const patience = 30 * time.Second
	if neg || len(args) != 2 {
		ts.Fatalf("usage: finds STATUS FILE")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	want := os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		ended := 0
		var exit *exec.ExitError
		if err := ts.Exec(ts.Getenv("MESHWARD"), "check"); errors.As(err, &exit) {
			ended = exit.ExitCode()
		} else {
			ts.Check(err)
		}
		got := unsteady.ReplaceAllString(ts.ReadFile("stdout"), "")
		if got == want && ended == status {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("not within %s: exit status %d, want %d; want:\n%s\ngot:\n%s", patience, ended, status, want, got)
		}
	}
}
