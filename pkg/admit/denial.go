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
func deny(r *review, found fates) *admissionv1.AdmissionResponse {
	var message strings.Builder
	var causes []metav1.StatusCause
	for i, f := range found.deny {
		fix := f.FixFor(r.change.Ref())
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
	if found.more > 0 {
		fmt.Fprintf(&message, "\n+%d more", found.more)
	}
	response := denied(message.String(), causes...)
	response.Warnings = r.warnings(found, "")
	response.AuditAnnotations = r.annotations(found, verdictDenied)
	return response
}

// lines are findings as warnings, one line each.
func lines(found []rule.Finding, prefix string) []string {
	texts := make([]string, 0, len(found))
	for _, f := range shown(found) {
		texts = append(texts, line(f, prefix))
	}
	return append(texts, beyond(found, prefix)...)
}

func line(f rule.Finding, prefix string) string {
	return rule.OneLine(fmt.Sprintf("%s%s: %s (%s %s)", prefix, f.Rule.Name, f.Message, f.Object, f.Path))
}

// shown are the findings that a list names.
func shown(found []rule.Finding) []rule.Finding {
	return found[:min(len(found), mostFindings)]
}

// beyond says how many findings a list does not name.
func beyond(found []rule.Finding, prefix string) []string {
	if more := len(found) - mostFindings; more > 0 {
		return []string{rule.OneLine(fmt.Sprintf("%s+%d more", prefix, more))}
	}
	return nil
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
