package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/policy"
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
	config    string
	cluster   clusterFlags
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

With --context, or with --cluster, the objects are a change of what is there
already: one that is there is updated, and a fault that is there is none of theirs.

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
  meshward validate --cluster --kube-context production change.yaml
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
	flags.StringVarP(&v.namespace, "namespace", "n", "", "namespace of objects that name none (default: that of the context with --cluster, else default)")
	flags.BoolVar(&v.complete, "complete", false, "the input is the whole mesh: what is not in it does not exist")
	v.cluster.add(flags)
	v.addReportFlags(cmd)
}

// addReportFlags adds the flags that say what is made of findings.
func (v *validation) addReportFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&v.output, "output", "o", "text", "format of the report: "+names(report.Formats))
	flags.StringVar(&v.color, "color", "auto", "colours in the text format: "+names(colorModes)+"; auto is on a terminal, unless NO_COLOR is set")
	flags.StringVar(&v.failOn, "fail-on", "error", "mildest severity that fails the run: "+names(failOn))
	flags.StringVar(&v.config, "config", "", "file with meshward's configuration: what it denies is an error, what it turns off is not reported")
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
	config, settings, err := v.settings()
	if err != nil {
		return err
	}
	if inputs := slices.Concat(v.context, v.paths); len(inputs)-len(slices.DeleteFunc(inputs, isStdin)) > 1 {
		return errors.New(`standard input ("-") can be read only once`)
	}
	cluster, namespace, err := v.cluster.open()
	if err != nil {
		return err
	}
	reader := manifest.Reader{Namespace: cmp.Or(v.namespace, namespace, "default"), Stdin: cmd.InOrStdin()}
	known, unreadableContext := reader.Read(v.context...)
	set, unreadable := reader.Read(v.paths...)
	unread := errors.Join(unreadableContext, unreadable)
	stored, skipped, err := readCluster(cmd.Context(), cluster)
	if err != nil {
		return errors.Join(unread, err)
	}
	r := reportOf(known, set, unread)
	r.FailOn, r.Skipped = level, append(r.Skipped, skipped...)
	before := over(stored, known.Objects)
	after := over(before, set.Objects)
	r.Findings = decided(config, mesh.Empty(settings).Apply(creations(after)...), judge(engine, mesh.Empty(settings), before, after))
	if err := printer(cmd.OutOrStdout(), r); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	if unread == nil && slices.ContainsFunc(r.Findings, r.Fails) {
		return errFindings
	}
	return unread
}

// settings returns the configuration and what it and Istio's own say of the mesh.
func (v *validation) settings() (*policy.Config, mesh.Config, error) {
	settings, err := v.mesh.config(v.complete || v.cluster.use)
	if err != nil {
		return nil, settings, err
	}
	config := policy.Default(ruleNames())
	if v.config != "" {
		if config, err = policy.Load(v.config, ruleNames()); err != nil {
			return nil, settings, err
		}
	}
	return config, config.Settings(settings), nil
}

func isStdin(path string) bool { return path == "-" }

// judge returns what is wrong after a change and was not before, wherever it is:
// the whole of each finding, though some may have held for others before.
func judge(engine *validate.Engine, empty *mesh.Snapshot, before, after []*mesh.Object) []rule.Finding {
	was := engine.All(empty.Apply(creations(before)...))
	is := engine.All(empty.Apply(creations(after)...))
	type place struct {
		object *mesh.Object
		path   string
	}
	introduced := map[place]bool{}
	for _, f := range validate.Compare(was, is).Introduced {
		introduced[place{f.Object, f.Path}] = true
	}
	return slices.DeleteFunc(is, func(f rule.Finding) bool { return !introduced[place{f.Object, f.Path}] })
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
