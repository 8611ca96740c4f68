package check

import (
	"context"
	"fmt"
)

var failurePolicy = &Check{
	Name:  "failure-policy",
	Looks: "failurePolicy of the injection: one for all its webhooks, and nobody missed where it is Ignore",
	run:   checkFailurePolicy,
}

func checkFailurePolicy(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	for i := range ours {
		c := &ours[i]
		var ignoring []hook
		for _, h := range c.hooks {
			if !h.fails {
				ignoring = append(ignoring, h)
			}
		}
		switch {
		case c.Kind != mutating || len(ignoring) == 0:
		case len(ignoring) < len(c.hooks):
			l.warn(c.Object, applied, "failurePolicy of %s is Ignore and that of the others Fail, so somebody has edited it: these pods start without a sidecar while nobody answers", names(ignoring))
		default:
			l.ignored(ctx, c)
		}
	}
}

// ignored looks at a configuration that was made to let pods start without a sidecar.
func (l *look) ignored(ctx context.Context, c *configuration) {
	d, ok := l.server(ctx)
	if !ok {
		return
	}
	if d != nil {
		if mode := argument(d, "missing-sidecars"); mode != "" && mode != "off" {
			return
		}
	}
	l.warn(c.Object, fmt.Sprintf("add config/components/missing-sidecars to your overlay, or set it to Fail: meshward bootstrap hooks --namespace %s | kubectl apply -f -", l.Namespace),
		"failurePolicy is Ignore, so pods start without a sidecar while nobody answers, and nobody looks for them")
}
