package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// state is what another process has to know of a cluster that is ready.
type state struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Version string `json:"version"`
	Guard   string `json:"guard"`
}

// Find returns the cluster that another process runs in the directory. It returns
// ErrNotRunning if there is none, or if it is not ready yet.
func Find(dir string) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	pipe, err := openStopFile(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotRunning)
	}
	pipe.Close()
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w, or it is about to start", dir, ErrNotRunning)
	}
	var found state
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, stateFile), err)
	}
	c, err := newCluster(dir)
	if err != nil {
		return nil, err
	}
	c.Name, c.URL, c.Version, c.guard = found.Name, found.URL, found.Version, found.Guard
	return c, c.loadAuthority()
}

// writeState lets Find find the cluster.
func (c *Cluster) writeState() error {
	text, err := json.Marshal(state{Name: c.Name, URL: c.URL, Version: c.Version, Guard: c.guard})
	if err != nil {
		return err
	}
	// Whole or not at all: somebody may be looking.
	partial := c.path(stateFile + ".partial")
	if err := os.WriteFile(partial, text, 0o600); err != nil {
		return fmt.Errorf("write down how to find the cluster: %w", err)
	}
	return os.Rename(partial, c.path(stateFile))
}
