package admit

import (
	"cmp"
	"context"
	"fmt"
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
}

// Review answers a change:
//
//	nothing new is wrong                     allowed
//	only warnings are new                    allowed, with warnings
//	errors, on a dry run                     allowed, with warnings: the objects that
//	                                         mend it may be part of the same apply
//	errors, gone after a live read           allowed: the watch lagged
//	errors, and no live read in time         allowed, with warnings
//	errors                                   denied
//
// A change that touches no traffic, an object on its way out and a namespace on
// its way out are never held up.
func (v *Routing) Review(ctx context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	kind, ok := mesh.KindOf(schema.GroupVersionKind(request.Kind))
	if !ok {
		return allowed(fmt.Sprintf("meshward does not judge %s; check the rules of its ValidatingWebhookConfiguration", request.Kind.Kind))
	}
	change, err := changeOf(kind, request)
	if err != nil {
		return unreadable("%v", err)
	}
	if v.letsThrough(change, request.Namespace) {
		return allowed()
	}
	verdict := v.Engine.Change(v.Stored.Snapshot(), change)
	faults, warnings := sorted(verdict.Introduced)
	if len(faults) == 0 {
		return allowed(lines(warnings, "")...)
	}
	if request.DryRun != nil && *request.DryRun {
		return allowed(lines(verdict.Introduced, "would be denied: ")...)
	}
	confirmed, err := v.confirm(ctx, change, faults)
	if err != nil {
		return allowed(lines(verdict.Introduced, "not denied, as it could not be confirmed: ")...)
	}
	faults, warnings = sorted(confirmed.Introduced)
	if len(faults) == 0 {
		return allowed(lines(warnings, "")...)
	}
	return deny(change, faults, warnings)
}

func (v *Routing) letsThrough(change mesh.Change, namespace string) bool {
	leaving := change.New != nil && change.New.Deleting
	return leaving || v.Stored.Terminating(namespace)
}

// confirm judges the change again over what the API server holds now. A wrong
// denial is worse than a missed one, and a watch is always a little late.
func (v *Routing) confirm(ctx context.Context, change mesh.Change, faults []rule.Finding) (validate.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, confirmWithin)
	defer cancel()
	fresh, err := v.Stored.Fresh(ctx, restsOn(change, faults))
	if err != nil {
		return validate.Verdict{}, err
	}
	return v.Engine.Change(fresh, change), nil
}

// changeOf reads what a request changes. It returns an error where an object is
// missing or cannot be read.
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
	if len(from.Raw) == 0 {
		return nil, fmt.Errorf("the request holds no %s", kind)
	}
	object, err := mesh.Decode(kind, from.Raw)
	if err != nil {
		return nil, err
	}
	object.Namespace = cmp.Or(object.Namespace, request.Namespace)
	object.Name = cmp.Or(object.Name, request.Name)
	return object, nil
}
