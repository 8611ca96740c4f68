package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/report"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// auditing is one run of "meshward audit": a validation of what a cluster holds.
type auditing struct {
	validation

	watch bool
}

func newAudit() *cobra.Command {
	a := auditing{validation: validation{cluster: clusterFlags{use: true}}}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Judge the traffic configuration that a cluster holds",
		Long: `Judge all traffic configuration that a cluster holds at this moment, as the server's
background audit does: what slipped past admission while nobody answered, came in at
once with what it contradicts, or was let in with a warning.

With --config and --mesh-config, findings are what the server makes of them. The formats
of the report are those of "meshward validate".

With --watch it goes on: whenever the findings change, the report is printed anew.

It takes the right to list what the server lists (docs/audit.md), and to watch it with
--watch. Exit status, the same in every format: 0 nothing found at the level of --fail-on,
1 something found, 2 the cluster could not be read.`,
		Example: `  meshward audit
  meshward audit --kube-context production --namespace shop
  meshward audit --config config.yaml -o json | jq '.findings[].rule'
  meshward audit --watch --fail-on never`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&a.namespace, "namespace", "n", "", "report only what is wrong with the objects of this namespace (default: of all)")
	flags.BoolVarP(&a.watch, "watch", "w", false, "go on, and print the report anew whenever the findings change; as text or json")
	a.cluster.addWhich(flags)
	a.addReportFlags(cmd)
	return cmd
}

func (a *auditing) run(cmd *cobra.Command) error {
	p, err := a.prepare(cmd)
	if err != nil {
		return err
	}
	cluster, _, err := a.cluster.open()
	if err != nil {
		return err
	}
	objects, skipped, err := readCluster(cmd.Context(), cluster)
	if err != nil {
		return err
	}
	now := mesh.Empty(p.settings).Apply(creations(objects)...)
	r := a.reportOn(now, p.decide(now, p.engine.All(now)))
	r.FailOn, r.Skipped = p.level, skipped
	if err := p.print(r); err != nil {
		return err
	}
	if a.watch {
		return a.follow(cmd, cluster, p, r)
	}
	return r.result()
}

// auditReport is a report whose findings are those of an audit.
type auditReport struct{ report.Report }

// result is how a run with this report ends.
func (r *auditReport) result() error {
	if slices.ContainsFunc(r.Findings, r.Fails) {
		return errFindings
	}
	return nil
}

// preparation is what the flags say, read and checked.
type preparation struct {
	engine   *validate.Engine
	settings mesh.Config
	level    rule.Severity
	decide   func(in *mesh.Snapshot, found []rule.Finding) []rule.Finding
	print    func(*auditReport) error
}

func (a *auditing) prepare(cmd *cobra.Command) (*preparation, error) {
	out := cmd.OutOrStdout()
	printer, err := a.printer(out)
	if err != nil {
		return nil, err
	}
	if a.watch && a.output != "text" && a.output != "json" {
		return nil, fmt.Errorf("--watch prints one report after the other, which %s does not allow; use text or json", a.output)
	}
	level, ok := failOn[a.failOn]
	if !ok {
		return nil, fmt.Errorf("--fail-on is %q; it must be one of %s", a.failOn, names(failOn))
	}
	engine, err := validate.New(rules.All()...)
	if err != nil {
		return nil, err
	}
	config, settings, err := a.settings()
	if err != nil {
		return nil, err
	}
	return &preparation{
		engine:   engine,
		settings: settings,
		level:    level,
		decide:   func(in *mesh.Snapshot, found []rule.Finding) []rule.Finding { return decided(config, in, found) },
		print: func(r *auditReport) error {
			if err := printer(out, r.Report); err != nil {
				return fmt.Errorf("the report could not be written: %w", err)
			}
			return nil
		},
	}, nil
}

// reportOn is the report on a snapshot, on the namespace that was asked for.
func (a *auditing) reportOn(now *mesh.Snapshot, found []rule.Finding) *auditReport {
	r := &auditReport{report.Report{
		Version: version(),
		Rules:   rules.All(),
		Line:    func(*mesh.Object, string) int { return 0 }, // in no file
	}}
	for _, kind := range mesh.Kinds() {
		r.Objects = slices.AppendSeq(r.Objects, now.Objects(kind, a.namespace))
	}
	for _, f := range found {
		if cmp.Or(a.namespace, f.Object.Namespace) == f.Object.Namespace {
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}
