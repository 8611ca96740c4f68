package certs

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhatIsMountedIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	f := &folder{certificate: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key")}
	ca := newIssuer(t, start, start.Add(time.Hour))
	first, second := ca.leaf(t, "", start, start.Add(time.Hour)), ca.leaf(t, "", start, start.Add(time.Hour))
	step := func(what string, now time.Duration, problem string) {
		t.Helper()
		err := f.behind(first, start.Add(now))
		if problem == "" && err != nil || problem != "" && (err == nil || !strings.Contains(err.Error(), problem)) {
			t.Errorf("%s: %v, want %q", what, err, problem)
		}
	}
	step("nothing is mounted", 0, "")
	write(t, dir, first)
	step("it is mounted", 0, "")
	write(t, dir, second)
	step("another is mounted", 0, "")
	step("not for long", grace-time.Second, "")
	step("it is not taken over", grace, "is not the one in "+f.certificate)
	put(t, f.key, []byte("nonsense"))
	step("a bad pair", grace, "")
	write(t, dir, second)
	step("it is mounted again", 2*grace, "")
	write(t, dir, first)
	step("it is taken back", 4*grace, "")
}
