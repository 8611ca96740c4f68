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
	mesh      meshFlags
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
	flags.StringArrayVar(&v.context, "context", nil, "file or folder with what is there already; reported is only what PATH brings in (may be repeated)")
	flags.StringVarP(&v.namespace, "namespace", "n", "default", "namespace of objects that name none")
	flags.BoolVar(&v.complete, "complete", false, "the input is the whole mesh: what is not in it does not exist")
	flags.StringVarP(&v.output, "output", "o", "text", "format of the report: "+names(report.Formats))
	flags.StringVar(&v.failOn, "fail-on", "error", "mildest severity that fails the run: "+names(failOn))
	v.mesh.add(flags)
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
	settings, err := v.mesh.config(v.complete)
	if err != nil {
		return err
	}
	if inputs := slices.Concat(v.context, v.paths); len(inputs)-len(slices.DeleteFunc(inputs, isStdin)) > 1 {
		return errors.New(`standard input ("-") can be read only once`)
	}
	reader := manifest.Reader{Namespace: v.namespace, Stdin: cmd.InOrStdin()}
	known, unreadableContext := reader.Read(v.context...)
	set, unreadable := reader.Read(v.paths...)
	found := judge(engine, mesh.Empty(settings), known, set)
	if err := printer(cmd.OutOrStdout(), reportOf(known, set, found)); err != nil {
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

func isStdin(path string) bool { return path == "-" }

// judge returns what is wrong with the objects of a set, and what they break of
// those that are known.
func judge(engine *validate.Engine, empty *mesh.Snapshot, known, set *manifest.Set) []rule.Finding {
	before := empty.Apply(creations(known.Objects)...)
	after := before.Apply(creations(set.Objects)...)
	found := engine.All(after)
	type place struct {
		object *mesh.Object
		path   string
	}
	broken := map[place]bool{}
	for _, f := range validate.Compare(engine.All(before), found).Introduced {
		broken[place{f.Object, f.Path}] = true
	}
	own := map[*mesh.Object]bool{}
	for _, object := range set.Objects {
		own[object] = true
	}
	return slices.DeleteFunc(found, func(f rule.Finding) bool { return !own[f.Object] && !broken[place{f.Object, f.Path}] })
}

func creations(objects []*mesh.Object) []mesh.Change {
	changes := make([]mesh.Change, 0, len(objects))
	for _, object := range objects {
		changes = append(changes, mesh.Change{New: object})
	}
	return changes
}

func reportOf(known, set *manifest.Set, found []rule.Finding) report.Report {
	r := report.Report{
		Objects:  len(set.Objects),
		Findings: found,
		Line: func(f rule.Finding) int {
			return max(set.Line(f.Object, f.Path), known.Line(f.Object, f.Path))
		},
	}
	for _, s := range slices.Concat(known.Skipped, set.Skipped) {
		r.Skipped = append(r.Skipped, report.Skipped(s))
	}
	return r
}
