package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/validate/rules"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:               "explain RULE",
		Short:             "Explain a rule: what it finds, why it matters, what to do",
		Example:           "  meshward explain undefined-subset",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRule,
		RunE: func(cmd *cobra.Command, args []string) error {
			page, ok := rules.Page(args[0])
			if !ok {
				return fmt.Errorf("no rule is called %q; %s", args[0], wayOut(args[0]))
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), page)
			return err
		},
	}
}

// wayOut is for whoever asked for a rule that there is none of.
func wayOut(name string) string {
	if near := nearRules(name); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	return `"meshward rules" lists them all`
}

// mostTypos is how far a name may be from that of a rule to be taken for it.
const mostTypos = 3

// nearRules returns the rules that somebody may have meant: those with a similar
// name, with that word in their name, or with a code of another tool. It has cobra
// find them, which does the same for the names of commands.
func nearRules(name string) []string {
	index := &cobra.Command{SuggestionsMinimumDistance: mostTypos}
	for _, r := range rules.All() {
		index.AddCommand(&cobra.Command{
			Use:        r.Name,
			SuggestFor: slices.Concat(strings.Split(r.Name, "-"), r.Doc.See),
			Run:        func(*cobra.Command, []string) {},
		})
	}
	return index.SuggestionsFor(name)
}
