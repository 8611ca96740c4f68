package admit

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// confirmWithin bounds the live read before a denial. It leaves time to answer
// within the three seconds that the webhook configuration asks for.
const confirmWithin = 2 * time.Second

// Stored is the stored configuration as admission needs it.
type Stored interface {
	Namespaces
	// Snapshot returns the mesh as it is known now.
	Snapshot() *mesh.Snapshot
	// Fresh returns it with some namespaces read anew.
	Fresh(ctx context.Context, namespaces []string) (*mesh.Snapshot, error)
}

// Namespaces are the cluster's namespaces as admission needs them.
type Namespaces interface {
	// Terminating reports whether a namespace is being deleted.
	Terminating(namespace string) bool
	// NamespaceLabels returns a namespace's labels. They must not be changed.
	NamespaceLabels(namespace string) map[string]string
}

// Routing judges changes of traffic configuration by what they bring in, and
// treats them as the policy of that moment says.
type Routing struct {
	Engine  *validate.Engine
	Stored  Stored
	Policy  func() *policy.Config
	Metrics *Metrics
	Log     *slog.Logger
}

// Review answers a change:
//
//	an object that we cannot read            allowed, with a warning
//	nothing new is wrong                     allowed
//	nothing new that the policy denies       allowed, with warnings
//	the object or the user is let off        allowed, with warnings that say so
//	an applier broke or rivals others        allowed, with warnings that say so
//	only weights or subset labels changed    allowed, with warnings that say so, but
//	                                         for a rule that is of weights themselves
//	to be denied, on a dry run               allowed, with warnings: the objects that
//	                                         mend it may be part of the same apply
//	to be denied, gone after a live read     allowed: the watch lagged
//	to be denied, no live read in time       allowed, with warnings, and logged
//	to be denied                             denied
//	no time is left                          as the policy says, and logged
//	the mesh is not known yet                denied where the policy says so of what is
//	                                         not judged, else left to failurePolicy
//
// A change that touches no traffic, an object on its way out and a namespace on
// its way out are never held up.
func (v *Routing) Review(ctx context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	r, answer := v.open(request)
	if answer != nil {
		return answer
	}
	found, err := v.judge(ctx, r, v.Stored.Snapshot())
	if err != nil {
		return v.late(r, fates{}, verdictDeadline)
	}
	switch {
	case len(found.deny) == 0:
		return v.allow(r, found, found.verdict(), "")
	case r.dryRun:
		return v.allow(r, found, verdictDryRun, "would be denied: ")
	case ctx.Err() != nil:
		return v.late(r, found, verdictDeadline)
	}
	confirmed, err := v.recheck(ctx, r, found.deny)
	switch {
	case err != nil && ctx.Err() != nil:
		return v.late(r, found, verdictDeadline)
	case err != nil:
		v.Log.Warn("a denial could not be confirmed", "object", r.change.Ref().String(), "rule", found.deny[0].Rule.Name, "error", err)
		return v.allow(r, found, verdictUnconfirmed, "not denied, as it could not be confirmed: ")
	case len(confirmed.deny) == 0:
		return v.allow(r, confirmed, confirmed.verdict(), "")
	}
	v.Metrics.found(confirmed, verdictDenied)
	return deny(r, confirmed)
}

// Late answers a change that there was no time to judge, as the policy says.
func (v *Routing) Late(request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	r, answer := v.open(request)
	if answer != nil {
		return answer
	}
	return v.late(r, fates{}, verdictOverloaded)
}

// Unknown denies a change where the policy denies what is not judged, and otherwise leaves
// it to the webhook's failurePolicy: an empty mesh would find nothing wrong. What is never
// judged is answered as ever.
func (v *Routing) Unknown(request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	r, answer := v.open(request)
	if answer != nil {
		return answer
	}
	if !r.deniedLate() {
		return nil
	}
	return v.denyUnjudged(r, fates{}, verdictUnready, "could not be judged, as the mesh is not known yet")
}

// open reads a request, and answers those that are not judged.
func (v *Routing) open(request *admissionv1.AdmissionRequest) (*review, *admissionv1.AdmissionResponse) {
	kind, ok := mesh.KindOf(schema.GroupVersionKind(request.Kind))
	if !ok {
		return nil, allowed(fmt.Sprintf("meshward does not judge %s; check the rules of its ValidatingWebhookConfiguration", request.Kind.Kind))
	}
	if missing := missingObject(request); missing != "" {
		return nil, unreadable("the request holds no %s", missing)
	}
	change, err := changeOf(kind, request)
	if err != nil {
		// The API server has read it; that we cannot must not keep it from being
		// mended or deleted.
		return nil, allowed(fmt.Sprintf("meshward did not judge this: %v", err))
	}
	if v.letsThrough(change, request.Namespace) {
		return nil, allowed()
	}
	namespace := change.Ref().Namespace
	in := policy.Namespace{Name: namespace, Labels: v.Stored.NamespaceLabels(namespace)}
	return newReview(v.Policy(), request, change, in), nil
}

func (v *Routing) letsThrough(change mesh.Change, namespace string) bool {
	leaving := change.New != nil && change.New.Deleting || change.Old != nil && change.Old.Deleting
	return leaving || v.Stored.Terminating(namespace)
}

// allow lets a change in. What the policy would have denied of it is told with a
// prefix that says why it was not.
func (v *Routing) allow(r *review, found fates, verdict, prefix string) *admissionv1.AdmissionResponse {
	if verdict == verdictOverridden {
		v.Log.Info("a denial was overridden by annotation", "object", r.change.Ref().String(), "rules", found.rules())
	}
	v.Metrics.found(found, verdict)
	response := allowed(r.warnings(found, prefix)...)
	response.AuditAnnotations = r.annotations(found, verdict)
	return response
}

// late answers when there is no time left to judge, or to confirm what was found.
func (v *Routing) late(r *review, found fates, verdict string) *admissionv1.AdmissionResponse {
	v.Log.Warn("there was no time to judge a change", "object", r.change.Ref().String(), "verdict", verdict)
	if !r.deniedLate() {
		response := v.allow(r, found, verdict, "not denied, as there was no time to confirm it: ")
		if len(found.deny) == 0 {
			response.Warnings = append(response.Warnings, "meshward did not judge this: there was no time")
		}
		return response
	}
	return v.denyUnjudged(r, found, verdict, "could not be judged in time")
}

// denyUnjudged denies as the policy says of what is not judged.
func (v *Routing) denyUnjudged(r *review, found fates, verdict, why string) *admissionv1.AdmissionResponse {
	v.Metrics.found(found, verdict)
	response := denied(rule.OneLine(fmt.Sprintf("%s %s, and the configuration of meshward denies what is not judged; try again", r.change.Ref(), why)))
	response.Warnings = r.warnings(found, "")
	response.AuditAnnotations = r.annotations(found, verdict)
	return response
}

// confirm judges the change again over what the API server holds now, and leaves
// of what is to be denied those faults that are still there, and how many more
// there are. A wrong denial is worse than a missed one, and a watch is always a
// little late. Only as many faults as a denial names are looked at again, or the
// read would grow with the damage; where none of them is left, the next ones are,
// so that what a lagging watch made up does not hide the others.
func (v *Routing) confirm(ctx context.Context, r *review, faults []rule.Finding) (fates, error) {
	ctx, cancel := context.WithTimeout(ctx, confirmWithin)
	defer cancel()
	var namespaces []string
	tried := map[rule.Identity]bool{}
	for {
		faults = shown(faults)
		namespaces = append(namespaces, restsOn(r.change, faults)...)
		slices.Sort(namespaces)
		namespaces = slices.Compact(namespaces)
		fresh, err := v.Stored.Fresh(ctx, namespaces)
		if err != nil {
			return fates{}, err
		}
		found, err := v.judge(ctx, r, fresh)
		if err != nil {
			return fates{}, err
		}
		maps.Copy(tried, identities(faults))
		confirmed, others := parted(found.deny, identities(faults))
		found.deny, found.more = confirmed, len(others)
		faults = slices.DeleteFunc(others, func(f rule.Finding) bool { return tried[f.Identity()] })
		if len(confirmed) > 0 || len(faults) == 0 {
			return found, nil
		}
	}
}

// parted parts findings by whether they are among some identities.
func parted(found []rule.Finding, among map[rule.Identity]bool) (in, out []rule.Finding) {
	for _, f := range found {
		if among[f.Identity()] {
			in = append(in, f)
		} else {
			out = append(out, f)
		}
	}
	return in, out
}
