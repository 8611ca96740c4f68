package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/validate/rules"
)

// completeFlag lets shells complete the values of a flag that takes one of a few.
func completeFlag[V any](cmd *cobra.Command, flag string, of map[string]V) {
	values := cobra.FixedCompletions(slices.Sorted(maps.Keys(of)), cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err) // there is no such flag, or it has its values already
	}
}

// completeRule lets shells complete the name of a rule, and say what it finds.
func completeRule(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	if len(args) == 0 {
		for _, r := range rules.All() {
			names = append(names, cobra.CompletionWithDesc(r.Name, r.Doc.Title))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
