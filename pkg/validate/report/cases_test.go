package report_test

import (
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/report"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// reportCase is a report as an archive writes it.
type reportCase struct {
	FailOn   rule.Severity
	Rules    []ruleCase
	Objects  []objectCase // findings name them by index
	Live     []int        // the objects that were not judged but are there
	Skipped  []report.Skipped
	Unread   []string
	Findings []findingCase
}

type ruleCase struct {
	Name     string
	Severity rule.Severity
	Title    string
	Why, Fix string
	See      []string
}

// objectCase is an object, and the lines of its fields; "" is its own first line.
type objectCase struct {
	Kind            mesh.Kind
	Namespace, Name string
	File            string
	Lines           map[string]int
}

type findingCase struct {
	Rule       int
	Severity   rule.Severity
	Object     int
	Path       string
	About      string
	Message    string
	Namespaces []string
	Have       string
	Effect     string
	Fix        string
	Related    []relatedCase
}

type relatedCase struct {
	Object int
	Path   string
}

func (c *reportCase) report() report.Report {
	r := report.Report{Version: "v1.2.3", FailOn: c.FailOn, Skipped: c.Skipped, Unread: c.Unread}
	for _, in := range c.Rules {
		r.Rules = append(r.Rules, &rule.Rule{
			Name:     in.Name,
			Severity: in.Severity,
			Doc:      rule.Doc{Title: in.Title, Why: in.Why, Fix: in.Fix, See: in.See},
		})
	}
	var objects []*mesh.Object
	lines := map[*mesh.Object]map[string]int{}
	for _, in := range c.Objects {
		object := &mesh.Object{
			Ref:        mesh.Ref{Kind: in.Kind, Namespace: in.Namespace, Name: in.Name},
			APIVersion: "networking.istio.io/v1",
			Source:     mesh.Source{File: in.File, Line: in.Lines[""]},
		}
		objects = append(objects, object)
		lines[object] = in.Lines
	}
	r.Objects = judged(objects, c.Live)
	r.Line = func(object *mesh.Object, path string) int { return lines[object][path] }
	for i := range c.Findings {
		r.Findings = append(r.Findings, c.Findings[i].finding(r.Rules, objects))
	}
	return r
}

// judged returns the objects but for the live ones.
func judged(objects []*mesh.Object, live []int) []*mesh.Object {
	isLive := map[int]bool{}
	for _, i := range live {
		isLive[i] = true
	}
	var judged []*mesh.Object
	for i, object := range objects {
		if !isLive[i] {
			judged = append(judged, object)
		}
	}
	return judged
}

func (in *findingCase) finding(rules []*rule.Rule, objects []*mesh.Object) rule.Finding {
	f := rule.Finding{
		Rule:     rules[in.Rule],
		Severity: in.Severity,
		Object:   objects[in.Object],
		Path:     in.Path,
		About:    in.About,
		Message:  in.Message,
		Have:     in.Have,
		Effect:   in.Effect,
		Fix:      in.Fix,
	}
	for _, namespace := range in.Namespaces {
		f.Viewpoints.Set(mesh.Viewpoint{Namespace: namespace}, true)
	}
	for _, related := range in.Related {
		f.Related = append(f.Related, rule.Related{Object: objects[related.Object], Path: related.Path})
	}
	return f
}
