package monitoring_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// ofTarget are the labels that Prometheus adds to what it scrapes from pods.
var ofTarget = []string{"job", "instance", "namespace", "pod", "container", "endpoint"}

// counted are labels whose values stand in the help of their metric.
var counted = []string{"outcome", "verdict", "severity", "check", "result", "of", "workloads"}

var promql = parser.NewParser(parser.Options{})

// mistakes are what is wrong with an expression: its syntax, metrics and labels that there
// are not, values that a label never has, a rate of what is no counter. It returns the
// labels that series of its result may have, too.
func mistakes(known map[string]metric, expression string) (carried, wrong []string) {
	parsed, err := promql.ParseExpr(expression)
	if err != nil {
		return nil, []string{err.Error()}
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			wrong = append(wrong, mistakesOfSelector(known, node)...)
		case *parser.MatrixSelector:
			if selector, is := node.VectorSelector.(*parser.VectorSelector); is {
				if of, _ := series(known, selector.Name); of.kind != "counter" {
					wrong = append(wrong, selector.Name+" is no counter")
				}
			}
		case *parser.AggregateExpr:
			has := labelsOf(known, node.Expr)
			for _, label := range node.Grouping {
				if !slices.Contains(has, label) {
					wrong = append(wrong, fmt.Sprintf("there is no label %s in %s", label, node.Expr))
				}
			}
		}
		return nil
	})
	return labelsOf(known, parsed), wrong
}

func mistakesOfSelector(known map[string]metric, selector *parser.VectorSelector) []string {
	of, is := series(known, selector.Name)
	if !is {
		return []string{"there is no metric " + selector.Name}
	}
	if of.kind == "histogram" {
		return []string{selector.Name + " is a histogram; its series end in _bucket, _sum and _count"}
	}
	var wrong []string
	for _, matcher := range selector.LabelMatchers {
		switch {
		case matcher.Name == model.MetricNameLabel || slices.Contains(ofTarget, matcher.Name):
		case !slices.Contains(of.labels, matcher.Name):
			wrong = append(wrong, fmt.Sprintf("%s has no label %s", selector.Name, matcher.Name))
		case slices.Contains(counted, matcher.Name):
			for value := range strings.SplitSeq(matcher.Value, "|") {
				if !regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(value) + `([^\w-]|$)`).MatchString(of.help) {
					wrong = append(wrong, fmt.Sprintf("%s of %s is never %q", matcher.Name, selector.Name, value))
				}
			}
		}
	}
	return wrong
}

// labelsOf are the labels that the result of an expression may have.
func labelsOf(known map[string]metric, expression parser.Expr) []string {
	switch expression := expression.(type) {
	case *parser.VectorSelector:
		of, _ := series(known, expression.Name)
		return slices.Concat(of.labels, ofTarget)
	case *parser.AggregateExpr:
		if expression.Without {
			return labelsOf(known, expression.Expr)
		}
		return expression.Grouping
	default:
		var all []string
		for child := range parser.ChildrenIter(expression) {
			if child, is := child.(parser.Expr); is {
				all = append(all, labelsOf(known, child)...)
			}
		}
		return all
	}
}

// TestMistakesAreFound makes each of them.
func TestMistakesAreFound(t *testing.T) {
	known := metrics(t)
	for expression, want := range map[string]string{
		`sum(meshward_ready`:                                                 "unclosed left parenthesis",
		`meshward_nothing`:                                                   "there is no metric meshward_nothing",
		`meshward_ready{chek="mesh"}`:                                        "meshward_ready has no label chek",
		`sum by (rule) (meshward_ready)`:                                     "there is no label rule in meshward_ready",
		`sum by (pod) (max by (rule) (meshward_findings))`:                   "there is no label pod in max by (rule) (meshward_findings)",
		`rate(meshward_findings[5m])`:                                        "meshward_findings is no counter",
		`meshward_admission_seconds > 1`:                                     "is a histogram",
		`meshward_admission_reviews_total{outcome=~"panic|panics"}`:          `outcome of meshward_admission_reviews_total is never "panics"`,
		`sum by (webhook, le) (rate(meshward_admission_seconds_bucket[5m]))`: "",
	} {
		_, wrong := mistakes(known, expression)
		got := strings.Join(wrong, "; ")
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: found %q, want %q", expression, got, want)
		}
	}
}
