package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/selection"
)

// bootstrap is one run of "meshward bootstrap".
type bootstrap struct {
	selection.Options
	installation

	ownAuthority bool // the certificate was named, or is not wanted
}

// parts are what can be printed, by name.
var parts = map[string]func(bootstrap, io.Writer) error{"hooks": bootstrap.hooks, "server": bootstrap.server}

// printed is their order: nobody is to be asked before there is somebody to answer.
var printed = []string{"server", "hooks"}

func newBootstrap() *cobra.Command {
	var b bootstrap
	cmd := &cobra.Command{
		Use:   "bootstrap [PART...]",
		Short: "Print the manifests of an installation",
		Long: `Print manifests for "kubectl apply -f -". A part is one of:

  hooks   a MutatingWebhookConfiguration for the revision and one for each tag: which
          pods the API server has injected by it
  server  all the rest: the namespace, the Deployment with its rights, and the
          ValidatingWebhookConfiguration

Without a part all are printed, which is what "kubectl apply -k config/default" and its
overlays install. No cluster is asked for anything.

A revision is an injector of its own; namespaces and pods choose it by the label
istio.io/rev. A tag is one more value of that label, which can be moved from one
revision to the next. Whichever revision is or has the tag "default" also serves
istio-injection=enabled, and pods that ask for a sidecar and for no revision. Each
value has one configuration, so whoever is given a value takes it over.`,
		Example: `  meshward bootstrap | kubectl apply -f -
  meshward bootstrap --certificates cert-manager --replicas 3 --image example.com/meshward:v1
  meshward bootstrap hooks
  meshward bootstrap hooks --revision canary | kubectl apply -f -
  meshward bootstrap hooks --cluster west --network net-2 | kubectl --context west apply -f -
  meshward bootstrap hooks --revision 1-2 --tag prod --tag default | kubectl diff -f -`,
		ValidArgs: slices.Sorted(maps.Keys(parts)),
		Args:      arePart,
		RunE: func(cmd *cobra.Command, args []string) error {
			b.ownAuthority = cmd.Flags().Changed("inject-ca-from")
			return b.run(cmd.OutOrStdout(), args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&b.Revision, "revision", selection.DefaultRevision, "revision that the injector serves")
	flags.StringArrayVar(&b.Tags, "tag", nil, "tag of the revision (may be repeated)")
	flags.StringVarP(&b.Namespace, "namespace", "n", selection.DefaultNamespace, "namespace that meshward runs in")
	flags.StringVar(&b.Service, "service", "", `Service that the API server calls (default: "meshward", with "-REVISION" unless that is "default")`)
	flags.StringVar(&b.Cluster, "cluster", "", "name of the remote cluster whose API server this is for (default: what the injector's values say)")
	flags.StringVar(&b.Network, "network", "", "network of that cluster (default: what the injector's values say)")
	flags.StringVar(&b.FailurePolicy, "failure-policy", "Fail", "what becomes of a pod while nobody answers: "+strings.Join(selection.FailurePolicies(), ", "))
	flags.BoolVar(&b.ByDefault, "enable-namespaces-by-default", false, "inject pods of which neither they nor their namespace say anything")
	flags.StringArrayVar(&b.Exclude, "exclude-namespace", nil, "namespace that is not injected, beside those that never are (may be repeated)")
	flags.StringVar(&b.Authority, "inject-ca-from", "", `certificate by which cert-manager tells the API server whom to trust (default: with --certificates cert-manager "NAMESPACE/SERVICE-serving"; else none)`)
	b.add(flags)
	for flag, values := range map[string][]string{
		"failure-policy":            selection.FailurePolicies(),
		"validation-failure-policy": selection.FailurePolicies(),
		"certificates":              certificateModes(),
	} {
		if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // there is no such flag
		}
	}
	return cmd
}

// arePart makes sure that each argument names a part.
func arePart(_ *cobra.Command, args []string) error {
	for _, arg := range args {
		if parts[arg] == nil {
			return fmt.Errorf("there is no part %q; there are %s", arg, names(parts))
		}
	}
	return nil
}

// run prints all or nothing: half of an installation must not reach a cluster by a pipe.
func (b bootstrap) run(w io.Writer, wanted []string) error {
	if err := b.installation.check(); err != nil {
		return err
	}
	var text bytes.Buffer
	for _, part := range printed {
		if len(wanted) > 0 && !slices.Contains(wanted, part) {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("---\n")
		}
		if err := parts[part](b, &text); err != nil {
			return err
		}
	}
	_, err := w.Write(text.Bytes())
	return err
}

func (b bootstrap) hooks(w io.Writer) error {
	options := b.Options
	if !b.ownAuthority && b.certificates == certManager {
		options.Authority = cmp.Or(b.Namespace, selection.DefaultNamespace) + "/" + options.ServiceName() + "-serving"
	}
	configurations, err := options.Configurations()
	if err != nil {
		return err
	}
	return selection.Print(w, configurations...)
}
