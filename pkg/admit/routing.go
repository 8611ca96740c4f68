package admit

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// confirmWithin bounds the live read before a denial. It leaves time to answer
// within the three seconds that the webhook configuration asks for.
const confirmWithin = time.Second

// Stored is the stored configuration as admission needs it.
type Stored interface {
	// Snapshot returns the mesh as it is known now.
	Snapshot() *mesh.Snapshot
	// Fresh returns it with some namespaces read anew.
	Fresh(ctx context.Context, namespaces []string) (*mesh.Snapshot, error)
	// Terminating reports whether a namespace is being deleted.
	Terminating(namespace string) bool
}

// Routing judges changes of traffic configuration by what they bring in.
type Routing struct {
	Engine *validate.Engine
	Stored Stored
	Log    *slog.Logger
}

// Review answers a change:
//
//	an object that we cannot read            allowed, with a warning
//	nothing new is wrong                     allowed
//	only warnings are new                    allowed, with warnings
//	errors, on a dry run                     allowed, with warnings: the objects that
//	                                         mend it may be part of the same apply
//	errors, gone after a live read           allowed: the watch lagged
//	errors, and no live read in time         allowed, with warnings, and logged
//	errors                                   denied
//
// A change that touches no traffic, an object on its way out and a namespace on
// its way out are never held up.
func (v *Routing) Review(ctx context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	kind, ok := mesh.KindOf(schema.GroupVersionKind(request.Kind))
	if !ok {
		return allowed(fmt.Sprintf("meshward does not judge %s; check the rules of its ValidatingWebhookConfiguration", request.Kind.Kind))
	}
	if missing := missingObject(request); missing != "" {
		return unreadable("the request holds no %s", missing)
	}
	change, err := changeOf(kind, request)
	if err != nil {
		// The API server has read it; that we cannot must not keep it from being
		// mended or deleted.
		return allowed(fmt.Sprintf("meshward did not judge this: %v", err))
	}
	if v.letsThrough(change, request.Namespace) {
		return allowed()
	}
	faults, warnings := parted(v.Engine.Change(v.Stored.Snapshot(), change).Introduced)
	if len(faults) == 0 {
		return allowed(lines(warnings, "")...)
	}
	if request.DryRun != nil && *request.DryRun {
		return allowed(append(lines(faults, "would be denied: "), lines(warnings, "")...)...)
	}
	confirmed, more, warnings, err := v.confirm(ctx, change, faults)
	if err != nil {
		v.Log.Warn("a denial could not be confirmed", "object", change.Ref().String(), "rule", faults[0].Rule.Name, "error", err)
		response := allowed(lines(faults, "not denied, as it could not be confirmed: ")...)
		response.AuditAnnotations = map[string]string{unconfirmed: faults[0].Rule.Name}
		return response
	}
	if len(confirmed) == 0 {
		return allowed(lines(warnings, "")...)
	}
	return deny(change, confirmed, more, warnings)
}

// unconfirmed is the audit annotation of a change that was let in although it
// was judged broken.
const unconfirmed = "unconfirmed"

func (v *Routing) letsThrough(change mesh.Change, namespace string) bool {
	leaving := change.New != nil && change.New.Deleting || change.Old != nil && change.Old.Deleting
	return leaving || v.Stored.Terminating(namespace)
}

// confirm judges the change again over what the API server holds now, and returns
// those of the faults that are still there, and how many more there are. A wrong
// denial is worse than a missed one, and a watch is always a little late. Only the
// faults that a denial names are looked at again, or the read would grow with the
// damage.
func (v *Routing) confirm(ctx context.Context, change mesh.Change, faults []rule.Finding) (confirmed []rule.Finding, more int, warnings []rule.Finding, err error) {
	ctx, cancel := context.WithTimeout(ctx, confirmWithin)
	defer cancel()
	faults = faults[:min(len(faults), mostFindings)]
	fresh, err := v.Stored.Fresh(ctx, restsOn(change, faults))
	if err != nil {
		return nil, 0, nil, err
	}
	all, warnings := parted(v.Engine.Change(fresh, change).Introduced)
	for _, f := range all {
		if slices.ContainsFunc(faults, func(o rule.Finding) bool { return o.Identity() == f.Identity() }) {
			confirmed = append(confirmed, f)
		}
	}
	return confirmed, len(all) - len(confirmed), warnings, nil
}

// missingObject names the part of a request that its operation needs and that is
// not there.
func missingObject(request *admissionv1.AdmissionRequest) string {
	switch {
	case request.Operation != admissionv1.Create && len(request.OldObject.Raw) == 0:
		return "oldObject"
	case request.Operation != admissionv1.Delete && len(request.Object.Raw) == 0:
		return "object"
	default:
		return ""
	}
}

// changeOf reads what a request changes. It returns an error where an object
// cannot be read.
func changeOf(kind mesh.Kind, request *admissionv1.AdmissionRequest) (mesh.Change, error) {
	var change mesh.Change
	var err error
	if request.Operation != admissionv1.Create {
		if change.Old, err = objectOf(kind, request, request.OldObject); err != nil {
			return change, fmt.Errorf("oldObject: %w", err)
		}
	}
	if request.Operation != admissionv1.Delete {
		if change.New, err = objectOf(kind, request, request.Object); err != nil {
			return change, fmt.Errorf("object: %w", err)
		}
	}
	return change, nil
}

func objectOf(kind mesh.Kind, request *admissionv1.AdmissionRequest, from runtime.RawExtension) (*mesh.Object, error) {
	object, err := mesh.Decode(kind, from.Raw)
	if err != nil {
		return nil, err
	}
	object.Namespace = cmp.Or(object.Namespace, request.Namespace)
	object.Name = cmp.Or(object.Name, request.Name)
	return object, nil
}
