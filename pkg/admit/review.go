package admit

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// review is one change under judgement, with what the policy of this moment says
// of whoever makes it and where.
type review struct {
	policy    *policy.Config
	request   *admissionv1.AdmissionRequest
	change    mesh.Change
	namespace policy.Namespace
	dryRun    bool
	// exempt is the name by which whoever makes the change is never denied.
	exempt string
	// applier is the name by which whoever makes the change is known to mend later
	// what it breaks.
	applier string
	// reasons are those that the object gives for being let off rules.
	reasons map[string]string
	// remarks are warnings about how the object asks for that.
	remarks []string
}

func newReview(config *policy.Config, request *admissionv1.AdmissionRequest, change mesh.Change, in policy.Namespace) *review {
	asking := change.New
	if asking == nil { // what is deleted was asked to allow it before
		asking = change.Old
	}
	r := &review{
		policy:    config,
		request:   request,
		change:    change,
		namespace: in,
		dryRun:    request.DryRun != nil && *request.DryRun,
		exempt:    config.Exempts(request.UserInfo.Username, request.UserInfo.Groups),
		applier:   config.Applier(request.UserInfo.Username, request.UserInfo.Groups),
	}
	r.reasons, r.remarks = config.Overrides(asking.Override)
	return r
}

// fates are the findings that a change brings in, by what becomes of them.
type fates struct {
	deny, overridden, exempted, delivered, spared, warn, audit []rule.Finding
	// steered is all that the change changes, where that spares it.
	steered string
	// more is how many there are to be denied beyond those of deny.
	more int
}

// decide asks the policy about each finding.
func (r *review) decide(introduced []rule.Finding) fates {
	var found fates
	for _, f := range introduced {
		switch action := r.policy.Action(&f, r.namespace); {
		case action == policy.Off:
		case action == policy.Audit:
			found.audit = append(found.audit, f)
		case action == policy.Warn:
			found.warn = append(found.warn, f)
		case r.reasons[f.Rule.Name] != "":
			found.overridden = append(found.overridden, f)
		case r.exempt != "":
			found.exempted = append(found.exempted, f)
		case r.applier != "" && f.Object.Ref != r.change.Ref():
			found.delivered = append(found.delivered, f)
		default:
			found.deny = append(found.deny, f)
		}
	}
	if len(found.deny) > 0 {
		r.spare(&found)
	}
	return found
}

// spare takes what a change only steers out of what is to be denied.
func (r *review) spare(found *fates) {
	if found.steered = steered(r.change.Ref().Kind, r.request); found.steered == "" {
		return
	}
	all := found.deny
	found.deny = nil
	for _, f := range all {
		if f.Rule.OfWeights {
			found.deny = append(found.deny, f)
		} else {
			found.spared = append(found.spared, f)
		}
	}
}

// verdict is that of a change of which nothing is to be denied.
func (f fates) verdict() string {
	switch {
	case len(f.overridden) > 0:
		return verdictOverridden
	case len(f.exempted) > 0:
		return verdictExempt
	case len(f.delivered) > 0:
		return verdictDelivered
	case len(f.spared) > 0:
		return verdictSteered
	case len(f.warn) > 0:
		return verdictWarned
	case len(f.audit) > 0:
		return verdictAudited
	default:
		return ""
	}
}

// rules are the names of all rules that found something, in order.
func (f fates) rules() []string {
	var names []string
	for _, list := range [][]rule.Finding{f.deny, f.overridden, f.exempted, f.delivered, f.spared, f.warn, f.audit} {
		for i := range list {
			names = append(names, list[i].Rule.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// deniedLate reports whether the change is denied when it cannot be judged: only
// where a judgement might have denied it. What an applier deletes breaks nothing
// but other objects.
func (r *review) deniedLate() bool {
	if r.dryRun || r.exempt != "" || r.applier != "" && r.change.New == nil {
		return false
	}
	return r.policy.DeniesLate(r.namespace)
}

// warnings are all that whoever makes the change is told, one line each. What was
// to be denied comes first, after a prefix.
func (r *review) warnings(found fates, prefix string) []string {
	var texts []string
	if prefix != "" {
		texts = lines(found.deny, prefix)
	}
	for _, f := range shown(found.overridden) {
		echo := fmt.Sprintf("allowed by %s (%s): ", mesh.OverrideAnnotation, shortened(r.reasons[f.Rule.Name]))
		texts = append(texts, line(f, echo))
	}
	texts = append(texts, beyond(found.overridden, "allowed by "+mesh.OverrideAnnotation+": ")...)
	texts = append(texts, lines(found.exempted, fmt.Sprintf("not denied, as %s is exempt: ", r.exempt))...)
	texts = append(texts, lines(found.delivered, fmt.Sprintf("not denied, as %s is an applier: ", r.applier))...)
	texts = append(texts, lines(found.spared, fmt.Sprintf("not denied, as only %s changed: ", found.steered))...)
	texts = append(texts, lines(found.warn, "")...)
	if problem := r.policy.ModeProblem(r.namespace); problem != "" && len(found.deny) > 0 {
		texts = append(texts, rule.OneLine(problem))
	}
	for _, remark := range r.remarks {
		texts = append(texts, rule.OneLine(remark))
	}
	return texts
}

// annotations are for the audit log; the API server puts the webhook's name before
// each key. There are none where nothing was found and all was judged.
func (r *review) annotations(found fates, verdict string) map[string]string {
	if verdict == "" {
		return nil
	}
	annotations := map[string]string{"verdict": verdict}
	add := func(key string, value string) {
		if value != "" {
			annotations[key] = value
		}
	}
	add("rules", strings.Join(found.rules(), ","))
	add("override", r.override(found))
	if len(found.exempted) > 0 {
		add("exempt", rule.OneLine(r.exempt))
	}
	if len(found.delivered) > 0 {
		add("applier", rule.OneLine(r.applier))
	}
	return annotations
}

// override lists the rules that the object was let off, with the reasons given.
func (r *review) override(found fates) string {
	var texts []string
	for _, name := range (fates{overridden: found.overridden}).rules() {
		texts = append(texts, name+": "+shortened(r.reasons[name]))
	}
	return strings.Join(texts, "; ")
}

// longestReason is how much of a reason is passed on, in characters.
const longestReason = 160

// shortened is a reason as one short line: users write it, and logs keep it.
func shortened(reason string) string {
	characters := []rune(rule.OneLine(reason))
	if len(characters) > longestReason {
		return string(characters[:longestReason-1]) + "…"
	}
	return string(characters)
}
