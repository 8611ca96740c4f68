package policy

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/wait"
)

// rereadEvery is how often the file is looked at. A kubelet takes about a minute
// to bring a changed ConfigMap into a volume, so that being told of each change
// would gain nothing; and looking does not care how the kubelet swaps its links.
const rereadEvery = 5 * time.Second

// File is the configuration of a running server: the last good one that its file
// held. File is a controller-runtime Runnable.
type File struct {
	path    string
	known   []string
	log     *slog.Logger
	current atomic.Pointer[Config]

	// What follows belongs to whoever rereads.
	text    []byte // as last looked at, good or bad
	problem string // why it is not the current configuration; empty if it is
	metrics metrics
}

type metrics struct {
	succeeded, at, restart prometheus.Gauge
}

// Open loads a configuration file that is to be kept up to date, and registers
// the metrics that say whether it is. Without a path the configuration is the
// default, for good. It returns an error where the file is missing or wrong: a
// server must not start with decisions that nobody made. Known are the names of
// all rules.
func Open(path string, known []string, registry prometheus.Registerer, log *slog.Logger) (*File, error) {
	f := &File{path: path, known: known, log: log, metrics: newMetrics()}
	config := Default(known)
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		if config, err = Parse(text, known); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		f.text = text
	}
	registry.MustRegister(f.metrics.succeeded, f.metrics.at, f.metrics.restart)
	f.current.Store(config)
	f.metrics.succeeded.Set(1)
	f.metrics.at.SetToCurrentTime()
	return f, nil
}

func newMetrics() metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return metrics{
		succeeded: gauge("meshward_config_reload_success", "Whether the configuration file, as it was last looked at, is the one in effect: 1 or 0."),
		at:        gauge("meshward_config_last_reload_success_timestamp_seconds", "When the configuration in effect was loaded, in seconds since 1970."),
		restart:   gauge("meshward_config_restart_needed", "Whether the configuration file says something that takes effect only after a restart: 1 or 0."),
	}
}

// Current returns the configuration in effect.
func (f *File) Current() *Config { return f.current.Load() }

// Start keeps the configuration up to date until ctx is done.
func (f *File) Start(ctx context.Context) error {
	if f.path != "" {
		wait.UntilWithContext(ctx, func(context.Context) { f.Reread() }, rereadEvery)
	}
	return nil
}

// NeedLeaderElection is false: every replica decides.
func (f *File) NeedLeaderElection() bool { return false }

// Reread looks at the file, and makes it the configuration in effect if it has
// changed and is sound. It must not run twice at once.
func (f *File) Reread() {
	text, err := os.ReadFile(f.path)
	if err != nil {
		f.text = nil // the same text will be news when it is back
		f.fail(fmt.Errorf("the configuration cannot be read: %w", err))
		return
	}
	if f.text != nil && bytes.Equal(text, f.text) {
		return
	}
	f.text = text
	config, err := Parse(text, f.known)
	if err != nil {
		f.fail(fmt.Errorf("%s: %w", f.path, err))
		return
	}
	f.keepMesh(config)
	f.current.Store(config)
	f.problem = ""
	f.metrics.succeeded.Set(1)
	f.metrics.at.SetToCurrentTime()
	f.log.Info("the configuration was loaded anew", "file", f.path)
}

// fail keeps the configuration in effect, and says once why.
func (f *File) fail(err error) {
	f.metrics.succeeded.Set(0)
	if f.problem != err.Error() {
		f.problem = err.Error()
		f.log.Error("the configuration was not loaded; the last good one stays in effect", "error", err)
	}
}

// keepMesh leaves what describes the mesh as it was at the start. The snapshot is
// built with it: changed under it, half of the mesh would be seen in the new way.
func (f *File) keepMesh(config *Config) {
	now := f.Current()
	changed := !reflect.DeepEqual(now.Mesh, config.Mesh) ||
		!reflect.DeepEqual(now.Tenants, config.Tenants) ||
		!reflect.DeepEqual(now.AllowedHosts, config.AllowedHosts)
	config.Mesh, config.Tenants, config.AllowedHosts = now.Mesh, now.Tenants, now.AllowedHosts
	f.metrics.restart.Set(0)
	if changed {
		f.metrics.restart.Set(1)
		f.log.Warn("mesh, tenants or allowedHosts changed in the configuration: this takes effect after a restart", "file", f.path)
	}
}
