package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshward/meshward/pkg/audit"
	"github.com/meshward/meshward/pkg/feed"
	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// auditFlags say how a server judges what is stored.
type auditFlags struct{ interval time.Duration }

func (f *auditFlags) add(flags *pflag.FlagSet) {
	flags.DurationVar(&f.interval, "audit-interval", 10*time.Minute, "how long to wait before all that is stored is judged anew, besides what changes")
}

func (f *auditFlags) check() error {
	if f.interval < time.Second {
		return fmt.Errorf("--audit-interval is %s; it must be at least 1s", f.interval)
	}
	return nil
}

// of makes the audit of what is stored, by the configuration of the moment.
func (f *auditFlags) of(engine *validate.Engine, stored *feed.Feed, config *policy.File, log *slog.Logger) *audit.Audit {
	return audit.New(audit.Options{
		Engine: engine,
		Decide: func(in *mesh.Snapshot, found []rule.Finding) []rule.Finding {
			return decided(config.Current(), in, found)
		},
		Source:   stored,
		Recorder: stored,
		Interval: f.interval,
		Metrics:  audit.NewMetrics(metrics.Registry),
		Log:      log,
	})
}
