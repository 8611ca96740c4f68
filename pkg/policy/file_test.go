package policy_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshward/meshward/pkg/policy"
)

const header = "apiVersion: meshward.io/v1alpha1\nkind: Config\n"

// TestReread changes a file as people and kubelets do. Each step tells which
// configuration is in effect then, what the gauges say and what is logged.
func TestReread(t *testing.T) {
	folder := t.TempDir()
	path := mount(t, folder, header+"deadline: {reservePercent: 1}\nmesh: {domain: one.local}\n")
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	file, err := policy.Open(path, known, registry, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		does    string
		do      func()
		reserve int
		gauges  string
		log     string
	}{
		{"nothing", func() {}, 1, "success 1 restart 0", ""},
		{"a change", func() { mount(t, folder, header+"deadline: {reservePercent: 2}\nmesh: {domain: one.local}\n") }, 2, "success 1 restart 0", "was loaded anew"},
		{"a mistake", func() { mount(t, folder, header+"deadline: {reservePercent: 300}\n") }, 2, "success 0 restart 0", "deadline.reservePercent: Invalid value: 300"},
		{"the same mistake", func() {}, 2, "success 0 restart 0", ""},
		{"no file", func() { remove(t, path) }, 2, "success 0 restart 0", "no such file"},
		{"the file is back", func() { mount(t, folder, header+"deadline: {reservePercent: 2}\nmesh: {domain: one.local}\n") }, 2, "success 1 restart 0", "was loaded anew"},
		{"no file again", func() { remove(t, path) }, 2, "success 0 restart 0", "no such file"},
		{"the same file is back", func() { mount(t, folder, header+"deadline: {reservePercent: 2}\nmesh: {domain: one.local}\n") }, 2, "success 1 restart 0", "was loaded anew"},
		{"another mesh", func() { mount(t, folder, header+"deadline: {reservePercent: 4}\nmesh: {domain: two.local}\n") }, 4, "success 1 restart 1", "takes effect after a restart"},
		{"the first mesh again", func() { mount(t, folder, header+"deadline: {reservePercent: 5}\nmesh: {domain: one.local}\n") }, 5, "success 1 restart 0", "was loaded anew"},
	}
	for _, step := range steps {
		t.Run(step.does, func(t *testing.T) {
			step.do()
			log.Reset()
			file.Reread()
			if got := file.Current().Deadline.ReservePercent; got != step.reserve {
				t.Errorf("reserve %d, want %d", got, step.reserve)
			}
			if got := file.Current().Mesh.Domain; got != "one.local" {
				t.Errorf("the domain became %q under a running server", got)
			}
			if diff := cmp.Diff(step.gauges, gauges(t, registry)); diff != "" {
				t.Errorf("gauges (-want +got):\n%s", diff)
			}
			if !strings.Contains(log.String(), step.log) || step.log == "" && log.Len() > 0 {
				t.Errorf("the log says %q, want %q", log.String(), step.log)
			}
		})
	}
}

// mount writes a file as the kubelet mounts a ConfigMap: behind a link to a folder
// that is replaced as a whole.
func mount(t *testing.T, folder, text string) string {
	t.Helper()
	version := t.TempDir()
	path := filepath.Join(folder, "config.yaml")
	for _, err := range []error{
		os.WriteFile(filepath.Join(version, "config.yaml"), []byte(text), 0o600),
		os.Symlink(version, filepath.Join(folder, "..next")),
		os.Rename(filepath.Join(folder, "..next"), filepath.Join(folder, "..data")),
		os.RemoveAll(path),
		os.Symlink(filepath.Join("..data", "config.yaml"), path),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func gauges(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		values[family.GetName()] = family.GetMetric()[0].GetGauge().GetValue()
	}
	if values["meshward_config_last_reload_success_timestamp_seconds"] == 0 {
		t.Error("no time of the last load")
	}
	return fmt.Sprintf("success %v restart %v", values["meshward_config_reload_success"], values["meshward_config_restart_needed"])
}

// TestOpen refuses to start with a file that is missing or wrong.
func TestOpen(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	if _, err := policy.Open(missing, known, prometheus.NewRegistry(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "missing.yaml: no such file") {
		t.Errorf("a missing file: %v", err)
	}
	wrong := mount(t, t.TempDir(), header+"action: []\n")
	if _, err := policy.Open(wrong, known, prometheus.NewRegistry(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), `config.yaml: unknown field "action"`) {
		t.Errorf("a wrong file: %v", err)
	}
}
