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
	files     []string
	context   []string
	namespace string
	complete  bool
	mesh      meshFlags
	output    string
	color     string
	failOn    string
}

func newValidate() *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   "validate [PATH...|-]",
		Short: "Judge traffic configuration in files",
		Long: `Judge the objects in files, folders or standard input ("-", the default) as the
admission webhook would judge them. Folders are read with all folders below them.

Formats of the report:
  text    a block for each finding, with file and line
  json    everything, for programs
  sarif   SARIF 2.1.0, for code scanning of GitHub and others
  github  annotations of a pull request, from a job of GitHub Actions
  junit   test results, for GitLab, Jenkins and others: a test case is an object,
          and fails where a finding is at the level of --fail-on

Exit status, the same in every format: 0 nothing found at the level of --fail-on,
1 something found, 2 the input could not be read.`,
		Example: `  meshward validate manifests/
  kustomize build . | meshward validate -
  helm template . | meshward validate -f -
  meshward validate -o json --context cluster-dump.yaml change.yaml
  meshward validate -o sarif manifests/ > meshward.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.paths = append(args, v.files...)
			if len(v.paths) == 0 {
				if isTerminal(cmd.InOrStdin()) {
					return errors.New("nothing to judge: name files or folders, or pipe manifests to standard input")
				}
				v.paths = []string{"-"}
			}
			return v.run(cmd)
		},
	}
	v.addFlags(cmd)
	return cmd
}

func (v *validation) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&v.files, "filename", "f", nil, `file, folder or "-", the same as PATH (may be repeated)`)
	flags.StringArrayVar(&v.context, "context", nil, "file or folder with what is there already; reported is only what PATH brings in (may be repeated)")
	flags.StringVarP(&v.namespace, "namespace", "n", "default", "namespace of objects that name none")
	flags.BoolVar(&v.complete, "complete", false, "the input is the whole mesh: what is not in it does not exist")
	flags.StringVarP(&v.output, "output", "o", "text", "format of the report: "+names(report.Formats))
	flags.StringVar(&v.color, "color", "auto", "colours in the text format: "+names(colorModes)+"; auto is on a terminal, unless NO_COLOR is set")
	flags.StringVar(&v.failOn, "fail-on", "error", "mildest severity that fails the run: "+names(failOn))
	v.mesh.add(flags)
	completeFlag(cmd, "output", report.Formats)
	completeFlag(cmd, "color", colorModes)
	completeFlag(cmd, "fail-on", failOn)
}

func names[V any](of map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}

func (v *validation) run(cmd *cobra.Command) error {
	printer, err := v.printer(cmd.OutOrStdout())
	if err != nil {
		return err
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
	unread := errors.Join(unreadableContext, unreadable)
	r := reportOf(known, set, unread)
	r.FailOn = level
	r.Findings = judge(engine, mesh.Empty(settings), known.Objects, set.Objects)
	if err := printer(cmd.OutOrStdout(), r); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	if unread != nil {
		return unread
	}
	if slices.ContainsFunc(r.Findings, r.Fails) {
		return errFindings
	}
	return nil
}

func isStdin(path string) bool { return path == "-" }

// judge returns what is wrong with some objects, and what they break of those
// that are known, wherever these are known from.
func judge(engine *validate.Engine, empty *mesh.Snapshot, known, objects []*mesh.Object) []rule.Finding {
	before := empty.Apply(creations(known)...)
	after := before.Apply(creations(objects)...)
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
	for _, object := range objects {
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

// reportOf is the report on what was read, before anything is found.
func reportOf(known, set *manifest.Set, unread error) report.Report {
	r := report.Report{
		Version: version(),
		Rules:   rules.All(),
		Objects: set.Objects,
		Line: func(object *mesh.Object, path string) int {
			return max(set.Line(object, path), known.Line(object, path))
		},
	}
	for _, s := range slices.Concat(known.Skipped, set.Skipped) {
		r.Skipped = append(r.Skipped, report.Skipped(s))
	}
	if unread != nil {
		r.Unread = strings.Split(unread.Error(), "\n")
	}
	return r
}
