package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/meshward/meshward/pkg/audit"
	"github.com/meshward/meshward/pkg/feed"
)

// betweenReports is how long to wait before the next report, so that a delivery of many
// objects makes one.
const betweenReports = time.Second

// follow prints a report whenever the findings are others than in the last one, until it is
// interrupted; then it ends as the last report would have it.
func (a *auditing) follow(cmd *cobra.Command, cluster *rest.Config, p *preparation, last *auditReport) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	klog.SetSlogLogger(log) // a watch that fails says so there
	endless := rest.CopyConfig(cluster)
	endless.Timeout = 0 // a watch lasts
	stored, err := feed.New(endless, p.settings, log)
	if err != nil {
		return err
	}
	go stored.Start(ctx) //nolint:errcheck // it ends with ctx, and returns none
	ledger := audit.NewLedger(p.engine, p.decide)
	for {
		now, changed, err := stored.Next(ctx)
		if err != nil {
			return last.result()
		}
		ledger.Advance(now, changed)
		next := a.reportOn(now, ledger.All())
		if !slices.Equal(last.texts(), next.texts()) {
			next.FailOn, next.Skipped = last.FailOn, last.Skipped
			if err := p.print(next); err != nil {
				return err
			}
			last = next
		}
		pause(ctx, betweenReports)
	}
}

// texts are the findings as they read.
func (r *auditReport) texts() []string {
	texts := make([]string, 0, len(r.Findings))
	for i := range r.Findings {
		f := &r.Findings[i]
		texts = append(texts, fmt.Sprintf("%s %s\n%s", f.Severity, f.Object.Ref, f.Block(f.Fix)))
	}
	slices.Sort(texts)
	return texts
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
