package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/injection"
	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/mutate/workload"
)

// injecting is one run of "meshward inject".
type injecting struct {
	files      []string
	settings   injection.Files
	revision   string
	native     bool
	compliance compliancePolicy
	output     string
	explain    bool
}

func newInjectCommand() *cobra.Command {
	var i injecting
	cmd := &cobra.Command{
		Use:   "inject [PATH...|-]",
		Short: "Inject sidecars into workloads in files",
		Long: `Inject sidecars into the workloads in files, folders or standard input ("-", the
default), and print them. Folders are read with all folders below them. No cluster
is asked for anything.

Injected are Deployment, DaemonSet, ReplicaSet, StatefulSet, ReplicationController,
Job, CronJob, Pod, OpenShift's DeploymentConfig and Argo's Rollout, and what is in a
List. Everything else is printed byte for byte as it was read, and so are workloads
that are to have no sidecar: standard error says which, and why.

Istio's own configuration is taken as it is. A file holds the value of the key, or
the whole ConfigMap, as "kubectl get configmap -o yaml" prints it. Standard error says
what is odd about it:
  --inject-config  key config of ConfigMap istio-sidecar-injector
  --values         key values of the same; without it, a whole ConfigMap that is
                   given as --inject-config brings it along
  --mesh-config    key mesh of ConfigMap istio

Exit status: 0 done, 2 something could not be read or injected. Then nothing at all
is printed, so that nobody applies half of it.`,
		Example: `  meshward inject -f deployment.yaml | kubectl apply -f -
  kustomize build . | meshward inject -o injected.yaml
  meshward inject --explain manifests/
  kubectl -n istio-system get configmap istio-sidecar-injector -o yaml > injector.yaml
  kubectl -n istio-system get configmap istio -o yaml > mesh.yaml
  meshward inject --inject-config injector.yaml --mesh-config mesh.yaml -f manifests/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			i.files = append(i.files, args...)
			if len(i.files) == 0 {
				if isTerminal(cmd.InOrStdin()) {
					return errors.New("nothing to inject: name files or folders, or pipe manifests to standard input")
				}
				i.files = []string{"-"}
			}
			return i.run(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&i.files, "filename", "f", nil, `file, folder or "-", the same as PATH (may be repeated)`)
	flags.StringVar(&i.settings.Config, "inject-config", "", "file with the injector's configuration (default: meshward's own templates)")
	flags.StringVar(&i.settings.Values, "values", "", "file with the values of the templates (default: those of --inject-config, else meshward's own)")
	flags.StringVar(&i.settings.Mesh, "mesh-config", "", "file with Istio's mesh config (default: Istio's defaults)")
	flags.StringVar(&i.revision, "revision", "default", "revision of the control plane that the sidecars belong to")
	flags.BoolVar(&i.native, "native-sidecars", false, "make sidecars native: init containers that keep running, for Kubernetes 1.33 and later")
	i.compliance.add(flags)
	completeFlag(cmd, complianceFlag, compliancePolicies)
	flags.StringVarP(&i.output, "output", "o", "", "file to write to (default: standard output)")
	flags.BoolVar(&i.explain, "explain", false, "print a line for each workload, with what becomes of it and why, and no manifests")
	return cmd
}

func (i *injecting) run(cmd *cobra.Command) error {
	if len(i.files)-len(slices.DeleteFunc(slices.Clone(i.files), isStdin)) > 1 {
		return errors.New(`standard input ("-") can be read only once`)
	}
	injector, err := i.injector()
	if err != nil {
		return err
	}
	inputs, err := readInputs(cmd.InOrStdin(), i.files)
	if err != nil {
		return err
	}
	tellOdd(cmd.ErrOrStderr(), injector)
	var out []byte
	var outcomes []workload.Outcome
	var problems []error
	for _, input := range inputs {
		injected, became, err := workload.Into(input.name, input.text, injector.IntoPod)
		problems = append(problems, err)
		out = append(out, injected...)
		outcomes = append(outcomes, became...)
	}
	err = errors.Join(problems...)
	if i.explain {
		return errors.Join(err, i.write(cmd.OutOrStdout(), linesOf(outcomes)))
	}
	warn(cmd.ErrOrStderr(), outcomes)
	if err != nil {
		return err
	}
	return i.write(cmd.OutOrStdout(), out)
}

// write puts out where it was asked for. A file is opened only now, so that one
// which was also read is not empty when something goes wrong.
func (i *injecting) write(stdout io.Writer, out []byte) error {
	var err error
	if i.output == "" {
		_, err = stdout.Write(out)
	} else {
		err = os.WriteFile(i.output, out, 0o666)
	}
	if err != nil {
		return fmt.Errorf("the output cannot be written: %w", err)
	}
	return nil
}

func linesOf(outcomes []workload.Outcome) []byte {
	var text []byte
	for _, outcome := range outcomes {
		text = fmt.Appendln(text, outcome)
	}
	return text
}

// tellOdd tells of what is odd about the configuration, whatever is injected.
func tellOdd(stderr io.Writer, injector *mutate.Injector) {
	for _, warning := range injector.Warnings {
		fmt.Fprintf(stderr, "the injector's configuration: %s\n", warning)
	}
}

// warn tells of what a workload's owner may not expect.
func warn(stderr io.Writer, outcomes []workload.Outcome) {
	for _, outcome := range outcomes {
		for _, warning := range outcome.Warnings {
			fmt.Fprintf(stderr, "%s: %s\n", outcome.Subject(), warning)
		}
	}
}

// injector makes the injector of Istio's configuration in the files that flags name.
func (i *injecting) injector() (*mutate.Injector, error) {
	texts, err := i.settings.Read()
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	config, err := texts.Parse()
	if err != nil {
		return nil, err
	}
	config.Files = true
	config.Revision, config.NativeSidecars, config.CompliancePolicy = i.revision, i.native, string(i.compliance)
	return mutate.New(config)
}
