package main

import (
	"log/slog"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshward/meshward/pkg/injection"
	"github.com/meshward/meshward/pkg/missing"
)

// missingFlags say how a server looks for pods that have no sidecar.
type missingFlags struct{ missing.Options }

func (f *missingFlags) add(flags *pflag.FlagSet) {
	f.Mode = missing.ModeOff
	flags.Var(&f.Mode, "missing-sidecars", "what becomes of pods that should have a sidecar and have none: off, report by metric and Event, or evict as well")
	flags.DurationVar(&f.Interval, "missing-sidecars-interval", 10*time.Minute, "how long to wait, roughly, before looking for them again")
	flags.IntVar(&f.EvictionsPerMinute, "evictions-per-minute", 1, "how many of them this replica evicts at most")
}

// watch has pods without a sidecar looked for while m runs, if anybody wants that.
func (f *missingFlags) watch(m manager.Manager, cluster *rest.Config, injector *injection.Keeper, revision string, events missing.Teller, log *slog.Logger) error {
	if f.Mode == missing.ModeOff {
		return nil
	}
	options := f.Options
	options.Revision = revision
	watchdog, err := missing.New(cluster, options, injector.Injector, events, metrics.Registry, log)
	if err != nil {
		return err
	}
	return m.Add(watchdog)
}
