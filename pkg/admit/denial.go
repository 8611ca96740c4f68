package admit

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// mostFindings is how many findings a denial names: Flux and Argo CD copy the
// text into a status, so it has to stay short.
const mostFindings = 5

// deny refuses a change for the errors it brings in: the first in full, the
// others by title and place, and how many more there are. The same is in the
// causes, for programs.
func deny(change mesh.Change, faults []rule.Finding, more int, warnings []rule.Finding) *admissionv1.AdmissionResponse {
	var message strings.Builder
	var causes []metav1.StatusCause
	var rules []string
	for i, f := range faults {
		rules = append(rules, f.Rule.Name)
		fix := f.FixFor(change.Ref())
		if i == 0 {
			message.WriteString("\n" + f.Block(fix))
		} else {
			fmt.Fprintf(&message, "\n%s\n  where   %s  %s", rule.OneLine(f.Title()), f.Object, f.Path)
		}
		causes = append(causes, metav1.StatusCause{
			Type:    metav1.CauseType(f.Rule.Name),
			Field:   f.Path,
			Message: fmt.Sprintf("%s: %s; %s", f.Object, f.Message, fix),
		})
	}
	if more > 0 {
		fmt.Fprintf(&message, "\n+%d more", more)
	}
	response := denied(message.String(), causes...)
	response.Warnings = lines(warnings, "")
	slices.Sort(rules)
	response.AuditAnnotations = map[string]string{"rules": strings.Join(slices.Compact(rules), ",")}
	return response
}

// lines are findings as warnings, one line each.
func lines(found []rule.Finding, prefix string) []string {
	texts := make([]string, 0, len(found))
	for _, f := range found[:min(len(found), mostFindings)] {
		texts = append(texts, rule.OneLine(fmt.Sprintf("%s%s: %s (%s %s)", prefix, f.Rule.Name, f.Message, f.Object, f.Path)))
	}
	if more := len(found) - mostFindings; more > 0 {
		texts = append(texts, fmt.Sprintf("%s+%d more", prefix, more))
	}
	return texts
}

// parted sorts what a change brings in by what it may lead to.
func parted(introduced []rule.Finding) (faults, warnings []rule.Finding) {
	for _, f := range introduced {
		switch f.Severity {
		case rule.Error:
			faults = append(faults, f)
		case rule.Warning:
			warnings = append(warnings, f)
		case rule.Info: // for the audit alone
		}
	}
	return faults, warnings
}

// restsOn are the namespaces that decide about findings, in order.
func restsOn(change mesh.Change, found []rule.Finding) []string {
	namespaces := []string{change.Ref().Namespace}
	for _, f := range found {
		namespaces = append(namespaces, f.RestsOn...)
	}
	slices.Sort(namespaces)
	return slices.Compact(namespaces)
}
