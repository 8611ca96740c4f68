package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/validate/rules"
)

func newRules() *cobra.Command {
	return &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, r := range rules.All() {
				fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.Severity, r.Doc.Title)
			}
			return table.Flush()
		},
	}
}

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:       "explain RULE",
		Short:     "Explain a rule: what it finds, why it matters, what to do",
		Example:   "  meshward explain undefined-subset",
		Args:      cobra.ExactArgs(1),
		ValidArgs: ruleNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, ok := rules.Page(args[0])
			if !ok {
				return fmt.Errorf("no rule is called %q; there are: %s", args[0], strings.Join(ruleNames(), ", "))
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), page)
			return err
		},
	}
}

func ruleNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	return names
}
