package daemon_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshward/meshward/test/cluster/internal/daemon"
	"github.com/meshward/meshward/test/cluster/internal/leash"
)

func TestFailureShowsTheEndOfTheLog(t *testing.T) {
	script := `for i in $(seq 100); do echo line $i; done; echo boom >&2; exit 3`
	d := start(t, exec.Command("sh", "-c", script))
	<-d.Ended()
	got := d.Failure().Error()
	for _, want := range []string{"painter ended by itself: exit status 3", "line 100\nboom"} {
		if !strings.Contains(got, want) {
			t.Errorf("the failure lacks %q: %s", want, got)
		}
	}
	if strings.Contains(got, "line 50\n") {
		t.Errorf("the failure has more than the end of the log: %s", got)
	}
}

func TestFailureOfASilentProgram(t *testing.T) {
	d := start(t, exec.Command("true"))
	<-d.Ended()
	if got, want := d.Failure().Error(), "painter ended by itself: exit status 0"; !strings.Contains(got, want) {
		t.Errorf("got %q, want it to contain %q", got, want)
	}
}

func TestStartNeedsAProgram(t *testing.T) {
	if _, err := daemon.Start("painter", exec.Command("/no/such/guard"), newLeash(t), filepath.Join(t.TempDir(), "log")); err == nil {
		t.Error("a program that is not there was started")
	}
}

func start(t *testing.T, command *exec.Cmd) *daemon.Daemon {
	t.Helper()
	d, err := daemon.Start("painter", command, newLeash(t), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newLeash(t *testing.T) *leash.Leash {
	t.Helper()
	l, err := leash.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Release)
	return l
}
