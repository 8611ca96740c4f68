package certs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/flowcontrol"
)

// Times of a publisher.
const (
	// reviewEvery is how often it looks without having been told of a change: CAs end.
	reviewEvery = time.Minute
	// retryAfter is how soon it tries again what could not be done.
	retryAfter = time.Second
	// longestPause is how long it lets somebody have his way, after a while, who writes
	// caBundle against us.
	longestPause = 5 * time.Minute
)

// A publisher writes caBundle into our own configurations. Only the leader has one at
// work.
type publisher struct {
	client  kubernetes.Interface
	ledger  *ledger
	metrics *metrics
	log     *slog.Logger
	// contested grows with each repair of the same caBundle by the same CA.
	contested *flowcontrol.Backoff
}

// run repairs what is wrong until ctx is done.
func (p *publisher) run(ctx context.Context) {
	for {
		next := reviewEvery
		for _, repair := range p.ledger.review(time.Now()) {
			if !p.mend(ctx, &repair) {
				next = retryAfter
			}
		}
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-p.ledger.watch.wake:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// mend makes one repair, and returns whether it is done. To be overruled is no reason to
// try harder: what is repaired again and again is repaired less and less often.
func (p *publisher) mend(ctx context.Context, r *repair) bool {
	id, now := r.configuration.String()+string(r.current.Raw), time.Now()
	if p.contested.IsInBackOffSinceUpdate(id, now) {
		return false
	}
	p.contested.Next(id, now)
	p.contested.GC()
	err := p.write(ctx, r)
	outcome := result(err)
	p.metrics.writes.WithLabelValues(outcome).Inc()
	if outcome == failed { // that was nobody's will
		p.contested.Reset(id)
	}
	log := p.log.With("configuration", r.configuration.String(), "found_written_by", r.configuration.writer)
	if err != nil {
		log.Warn("caBundle cannot be written", "error", err)
		return false
	}
	log.Info("caBundle written", "webhooks", len(r.callers))
	if pause := p.contested.Get(id); pause > contest {
		log.Warn("somebody else writes caBundle, too: cert-manager's cainjector by an annotation, or what keeps manifests applied", "next_repair_not_within", pause)
	}
	return true
}

// contest is the pause after which a repair is one too many.
const contest = 4 * time.Second

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// write writes caBundle and nothing else, and only into what we have seen: the API server
// refuses the patch as a conflict if somebody has written since.
func (p *publisher) write(ctx context.Context, r *repair) error {
	patch := []operation{{Op: "replace", Path: "/metadata/resourceVersion", Value: r.configuration.version}}
	for _, c := range r.callers {
		patch = append(patch, operation{Op: "add", Path: fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", c.at), Value: r.bundle})
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	options := metav1.PatchOptions{FieldManager: "meshward"}
	registry := p.client.AdmissionregistrationV1()
	if r.configuration.kind == mutating {
		_, err = registry.MutatingWebhookConfigurations().Patch(ctx, r.configuration.name, types.JSONPatchType, body, options)
		return err
	}
	_, err = registry.ValidatingWebhookConfigurations().Patch(ctx, r.configuration.name, types.JSONPatchType, body, options)
	return err
}

const writeWithin = 10 * time.Second

// The results of a write.
const (
	written   = "written"
	conflict  = "conflict"
	forbidden = "forbidden"
	failed    = "failed"
)

func result(err error) string {
	switch {
	case err == nil:
		return written
	case apierrors.IsConflict(err):
		return conflict
	case apierrors.IsForbidden(err):
		return forbidden
	}
	return failed
}
