package cluster

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/meshward/meshward/test/cluster/internal/build"
)

// source is what the programs are built from. It is embedded so that it is found
// wherever this package was compiled, and by whichever module.
//
//go:embed go.mod go.sum controlplane/*.go guard/*.go internal/leash/leash.go
var source embed.FS

// Build builds the control plane, unless that was done before, and returns the
// folder that holds it. Start does so by itself; a caller who has a deadline may
// want to be done with it earlier, because from nothing it takes minutes. It says
// on progress how far it is.
//
// It returns an error if the build fails or if the user has no cache folder.
func Build(ctx context.Context, progress io.Writer) (string, error) {
	programs, err := programs(ctx, progress)
	return string(programs), err
}

func programs(ctx context.Context, progress io.Writer) (build.Programs, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	return build.Do(ctx, source, cache, progress)
}

// CacheDir is the folder of everything that outlasts a cluster: the programs, and
// the directories of clusters that have a name. It returns an error if the user
// has no cache folder.
func CacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a cache folder; set HOME or XDG_CACHE_HOME: %w", err)
	}
	return filepath.Join(cache, "meshward"), nil
}
