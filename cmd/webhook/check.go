package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/check"
	"github.com/meshward/meshward/pkg/selection"
)

// checkFormats are the values of --output.
var checkFormats = map[string]func(w io.Writer, results []check.Result, inColor bool) error{
	"text": check.Text,
	"json": func(w io.Writer, results []check.Result, _ bool) error { return check.JSON(w, results) },
}

// errBlind ends a check that found no error where it could look, and could not look
// everywhere.
var errBlind = errors.New("not everything could be looked at, so it is not known to be fine")

// examination is one run of "meshward check".
type examination struct {
	options check.Options
	cluster clusterFlags
	output  string
	color   string
	list    bool
}

func newCheck() *cobra.Command {
	x := examination{cluster: clusterFlags{use: true}}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find what is wrong with an installation",
		Long: `Look at the meshward that a cluster has installed: its webhook configurations, its
Service and Deployment, certificates, rights, the labels that ask for sidecars, and
what its API server does with a broken route and with a new pod. For each thing that
is wrong there is a line on what that is, and one on what to do.

Nothing is changed: the route and the pod are dry runs. What may not be read for lack
of rights is told, and never taken to be fine.

Exit status: 0 no error found, 1 an error found, 2 none found, but not everything could
be looked at.`,
		Example: `  meshward check
  meshward check --kube-context production -n mesh --service meshward-canary
  meshward check -o json | jq '.checks[].findings[]'
  meshward check --list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return x.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&x.cluster.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: as kubectl finds it)")
	flags.StringVar(&x.cluster.context, "kube-context", "", "context of the kubeconfig (default: its current one)")
	flags.StringVarP(&x.options.Namespace, "namespace", "n", selection.DefaultNamespace, "namespace that meshward runs in")
	flags.StringVar(&x.options.Service, "service", "meshward", "Service that the API server calls there")
	flags.StringVar(&x.options.ProbeNamespace, "probe-namespace", "default", "namespace to try a broken route in; it is not stored")
	flags.StringVarP(&x.output, "output", "o", "text", "format of what is found: "+names(checkFormats))
	flags.StringVar(&x.color, "color", "auto", "colours in the text format: "+names(colorModes)+"; auto is on a terminal, unless NO_COLOR is set")
	flags.BoolVar(&x.list, "list", false, "print what would be looked at, and ask no cluster")
	completeFlag(cmd, "output", checkFormats)
	completeFlag(cmd, "color", colorModes)
	return cmd
}

func (x *examination) run(cmd *cobra.Command) error {
	if x.list {
		return listChecks(cmd.OutOrStdout())
	}
	format, ok := checkFormats[x.output]
	if !ok {
		return fmt.Errorf("--output is %q; it must be one of %s", x.output, names(checkFormats))
	}
	inColor, ok := colorModes[x.color]
	if !ok {
		return fmt.Errorf("--color is %q; it must be one of %s", x.color, names(colorModes))
	}
	config, _, err := x.cluster.open()
	if err != nil {
		return err
	}
	cluster, err := askedBy(config)
	if err != nil {
		return err
	}
	x.options.Binary, x.options.Now = version(), time.Now()
	results, err := check.Run(cmd.Context(), cluster, x.options, check.All())
	if err != nil {
		return err
	}
	if err := format(cmd.OutOrStdout(), results, inColor(cmd.OutOrStdout())); err != nil {
		return fmt.Errorf("the findings could not be written: %w", err)
	}
	switch {
	case check.Wrong(results):
		return errFindings
	case check.Blind(results):
		return errBlind
	}
	return nil
}

func listChecks(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range check.All() {
		fmt.Fprintf(table, "%s\t%s\n", c.Name, c.Looks)
	}
	return table.Flush()
}
