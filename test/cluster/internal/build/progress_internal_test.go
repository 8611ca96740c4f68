package build

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ten packages, the sixth of which takes long.
func TestProgressInALog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out, false)
		fmt.Fprintln(p, "go: downloading example.com/big v1.2.3")
		time.Sleep(20100 * time.Millisecond) // so that no package meets a tick
		var packages []string
		for i := range 10 {
			packages = append(packages, fmt.Sprintf("example.com/big/p%d", i))
		}
		p.expect("/cache/x", "v1.36.3", packages)
		for i, name := range packages {
			fmt.Fprintln(p, name)
			if i == 5 {
				time.Sleep(17 * time.Second)
			}
			time.Sleep(400 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		p.close()

		want := `Building the control plane from Go modules: kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd and kwok. This is done once.
  downloading modules, now example.com/big v1.2.3 (15s)
Kubernetes v1.36.3, into /cache/x. Packages to compile: 10; all of them, more than 2700, take about eight minutes on two cores.
  compiled 3 of 10 packages, 30 % (21s)
  compiled 5 of 10 packages, 50 % (22s)
  compiled 6 of 10 packages, 60 % (23s)
  compiled 6 of 10 packages, 60 % (38s)
  compiled 8 of 10 packages, 80 % (40s)
  all packages compiled, linking (41s)
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
	})
}

// On a terminal each word replaces the one before, and nothing of it remains.
func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out, true)
		time.Sleep(1500 * time.Millisecond)
		p.expect("/cache", "v1.36.3", []string{"a", "b"})
		fmt.Fprint(p, "a\nb") // the second line is on its way
		time.Sleep(time.Second)
		p.close()

		want := "\r  asking Go what there is to build (1s)\x1b[K" +
			"\r\x1b[KKubernetes v1.36.3, into /cache. Packages to compile: 2; all of them, more than 2700, take about eight minutes on two cores.\n" +
			"\r  compiled 1 of 2 packages, 50 % (2s)\x1b[K" +
			"\r\x1b[K"
		_, got, _ := strings.Cut(out.String(), "\n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("report after the first line (-want +got):\n%s", diff)
		}
	})
}

// What is no sign of progress is what went wrong.
func TestFailureHasWhatWasSaid(t *testing.T) {
	p := newProgress(&strings.Builder{}, false)
	defer p.close()
	p.expect("/cache", "v1.36.3", []string{"example.com/a", "example.com/b"})
	fmt.Fprint(p, "go: downloading example.com/b v1.0.0\nexample.com/a\nexample.com/b\n")
	for i := range 40 {
		fmt.Fprintf(p, "# line %d\n", i)
	}
	fmt.Fprint(p, "b.go:1:1: broken")

	got := p.failure([]string{"build", "./b"}, errors.New("exit status 1")).Error()
	if !strings.HasPrefix(got, "build ./b: exit status 1; the end of its output:\n# line 10\n") || !strings.HasSuffix(got, "\n# line 39\nb.go:1:1: broken") {
		t.Errorf("got %s", got)
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if isTerminal(file) || isTerminal(&strings.Builder{}) {
		t.Error("a file or a buffer was taken for a terminal")
	}
}
