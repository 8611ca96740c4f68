package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssetsCoverWhatTheyHave(t *testing.T) {
	folder := t.TempDir()
	etcd := filepath.Join(folder, "etcd")
	if err := os.WriteFile(etcd, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(assetsVariable, folder)
	got, err := programOfEachRole("/ours")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"etcd":                    etcd,
		"kube-apiserver":          "/ours",
		"kube-controller-manager": "/ours",
		"kube-scheduler":          "/ours",
		"kubectl":                 "/ours",
		"kwok":                    "/ours",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
}

func TestAssetsMustBeThere(t *testing.T) {
	t.Setenv(assetsVariable, filepath.Join(t.TempDir(), "absent"))
	if _, err := programOfEachRole("/ours"); err == nil || !strings.Contains(err.Error(), "unset it") {
		t.Errorf("got error %v, want one with the way out", err)
	}
}
