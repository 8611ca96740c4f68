package admit

import (
	"context"
	"time"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// What comes of looking once more before a denial.
const (
	recheckConfirmed = "confirmed"
	recheckRefuted   = "refuted"
	recheckFailed    = "failed"
	recheckDeadline  = "deadline"
)

// recheck is confirm, measured and traced.
func (v *Routing) recheck(ctx context.Context, r *review, faults []rule.Finding) (fates, error) {
	started := time.Now()
	ctx, span := startSpan(ctx, "live re-check")
	defer span.End()
	confirmed, err := v.confirm(ctx, r, faults)
	outcome := recheckConfirmed
	switch {
	case err != nil && ctx.Err() != nil:
		outcome = recheckDeadline
	case err != nil:
		outcome = recheckFailed
	case len(confirmed.deny) == 0:
		outcome = recheckRefuted
	}
	span.SetAttributes(attributeOutcome.String(outcome))
	v.Metrics.rechecks.WithLabelValues(outcome).Observe(time.Since(started).Seconds())
	return confirmed, err
}
