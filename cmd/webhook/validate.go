package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/manifest"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/report"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// failOn are the values of --fail-on: the mildest severity that fails the run.
var failOn = map[string]rule.Severity{"error": rule.Error, "warning": rule.Warning, "never": ""}

// validation is one run of "meshward validate".
type validation struct {
	paths     []string
	context   []string
	namespace string
	complete  bool
	output    string
	failOn    string
}

func newValidate() *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   "validate [PATH...|-]",
		Short: "Judge traffic configuration in files",
		Long: `Judge the objects in files, folders or standard input ("-", the default) as the
admission webhook would judge them.

Exit status: 0 nothing found at the level of --fail-on, 1 something found,
2 the input could not be read.`,
		Example: `  meshward validate manifests/
  kustomize build . | meshward validate -
  meshward validate -o json --context cluster-dump.yaml change.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.paths = args
			if len(args) == 0 {
				v.paths = []string{"-"}
			}
			return v.run(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&v.context, "context", nil, "file or folder with objects that are known but not reported (may be repeated)")
	flags.StringVarP(&v.namespace, "namespace", "n", "default", "namespace of objects that name none")
	flags.BoolVar(&v.complete, "complete", false, "the input is the whole mesh: what is not in it does not exist")
	flags.StringVarP(&v.output, "output", "o", "text", "format of the report: "+names(report.Formats))
	flags.StringVar(&v.failOn, "fail-on", "error", "mildest severity that fails the run: "+names(failOn))
	return cmd
}

func names[V any](of map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}

func (v *validation) run(cmd *cobra.Command) error {
	printer, ok := report.Formats[v.output]
	if !ok {
		return fmt.Errorf("--output is %q; it must be one of %s", v.output, names(report.Formats))
	}
	level, ok := failOn[v.failOn]
	if !ok {
		return fmt.Errorf("--fail-on is %q; it must be one of %s", v.failOn, names(failOn))
	}
	engine, err := validate.New(rules.All()...)
	if err != nil {
		return err
	}
	reader := manifest.Reader{Namespace: v.namespace, Stdin: cmd.InOrStdin()}
	known, unreadableContext := reader.Read(v.context...)
	set, unreadable := reader.Read(v.paths...)
	found := v.judge(engine, known, set)
	if err := printer(cmd.OutOrStdout(), reportOf(set, found)); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	if err := errors.Join(unreadableContext, unreadable); err != nil {
		return err
	}
	if level != "" && slices.ContainsFunc(found, func(f rule.Finding) bool { return f.Severity.AtLeast(level) }) {
		return errFindings
	}
	return nil
}

// judge returns what is wrong with the objects of a set, given what else is known.
func (v *validation) judge(engine *validate.Engine, known, set *manifest.Set) []rule.Finding {
	settings := mesh.DefaultConfig()
	settings.Complete = v.complete
	var changes []mesh.Change
	for _, object := range slices.Concat(known.Objects, set.Objects) {
		changes = append(changes, mesh.Change{New: object})
	}
	snapshot := mesh.Empty(settings).Apply(changes...)
	return slices.DeleteFunc(engine.All(snapshot), func(f rule.Finding) bool {
		return !slices.Contains(set.Objects, f.Object)
	})
}

func reportOf(set *manifest.Set, found []rule.Finding) report.Report {
	r := report.Report{
		Objects:  len(set.Objects),
		Findings: found,
		Line:     func(f rule.Finding) int { return set.Line(f.Object, f.Path) },
	}
	for _, s := range set.Skipped {
		r.Skipped = append(r.Skipped, report.Skipped(s))
	}
	return r
}
