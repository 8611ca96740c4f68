package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/injection"
	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/mutate/workload"
)

// injecting is one run of "meshward inject".
type injecting struct {
	files      []string
	config     string
	values     string
	meshConfig string
	revision   string
	native     bool
	output     string
	explain    bool
}

// settings are what an injector is made of. A text is nil where no file was named.
type settings struct {
	config   []byte // key config of Istio's ConfigMap istio-sidecar-injector
	values   []byte // its key values
	mesh     []byte // key mesh of Istio's ConfigMap istio
	revision string
	native   bool
}

// newInject makes the injector that the command has pods injected by.
var newInject = func(s settings) (workload.Inject, error) {
	config, err := injection.Texts{Config: s.config, Values: s.values, Mesh: s.mesh}.Parse()
	if err != nil {
		return nil, err
	}
	config.Revision, config.NativeSidecars, config.Files = s.revision, s.native, true
	injector, err := mutate.New(config)
	if err != nil {
		return nil, err
	}
	return injector.IntoPod, nil
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
the whole ConfigMap, as "kubectl get configmap -o yaml" prints it:
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
	flags.StringVar(&i.config, "inject-config", "", "file with the injector's configuration (default: meshward's own templates)")
	flags.StringVar(&i.values, "values", "", "file with the values of the templates (default: those of --inject-config, else meshward's own)")
	flags.StringVar(&i.meshConfig, "mesh-config", "", "file with Istio's mesh config (default: Istio's defaults)")
	flags.StringVar(&i.revision, "revision", "default", "revision of the control plane that the sidecars belong to")
	flags.BoolVar(&i.native, "native-sidecars", false, "make sidecars native: init containers that keep running, for Kubernetes 1.33 and later")
	flags.StringVarP(&i.output, "output", "o", "", "file to write to (default: standard output)")
	flags.BoolVar(&i.explain, "explain", false, "print a line for each workload, with what becomes of it and why, and no manifests")
	return cmd
}

func (i *injecting) run(cmd *cobra.Command) error {
	if len(i.files)-len(slices.DeleteFunc(slices.Clone(i.files), isStdin)) > 1 {
		return errors.New(`standard input ("-") can be read only once`)
	}
	settings, err := i.settings()
	if err != nil {
		return err
	}
	inputs, err := readInputs(cmd.InOrStdin(), i.files)
	if err != nil {
		return err
	}
	inject, err := newInject(settings)
	if err != nil {
		return err
	}
	var out []byte
	var outcomes []workload.Outcome
	var problems []error
	for _, input := range inputs {
		injected, became, err := workload.Into(input.name, input.text, inject)
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

// warn tells of what a workload's owner may not expect.
func warn(stderr io.Writer, outcomes []workload.Outcome) {
	for _, outcome := range outcomes {
		for _, warning := range outcome.Warnings {
			fmt.Fprintf(stderr, "%s: %s\n", outcome.Subject(), warning)
		}
	}
}

// settings reads Istio's configuration from the files that flags name.
func (i *injecting) settings() (settings, error) {
	s := settings{revision: i.revision, native: i.native}
	var problems []error
	read := func(file, key string, required bool) []byte {
		text, err := configFile(file, key, required)
		problems = append(problems, err)
		return text
	}
	s.config = read(i.config, "config", true)
	s.values = read(i.values, "values", true)
	s.mesh = read(i.meshConfig, "mesh", true)
	if i.values == "" && errors.Join(problems...) == nil {
		s.values = read(i.config, "values", false)
	}
	return s, errors.Join(problems...)
}

// configFile returns the value of a key of one of Istio's ConfigMaps, from a file
// with that ConfigMap or, if the key is what the file is for, with the value alone.
func configFile(file, key string, required bool) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	var object struct {
		Kind string            `json:"kind"`
		Data map[string]string `json:"data"`
	}
	// A value need not be an object, and whoever takes it says what is wrong.
	if yaml.Unmarshal(text, &object) != nil || object.Kind != "ConfigMap" {
		if required {
			return text, nil
		}
		return nil, nil
	}
	value, ok := object.Data[key]
	switch {
	case ok:
		return []byte(value), nil
	case required:
		return nil, fmt.Errorf("%s: this ConfigMap has no key %q", file, key)
	default:
		return nil, nil
	}
}
