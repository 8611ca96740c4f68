package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/meshward/meshward/pkg/validate/rules"
)

// catalogs are what prints the list of rules, by the values of --output.
var catalogs = map[string]func(io.Writer) error{"text": tableOfRules, "json": rulesAsJSON}

func newRules() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Example: `  meshward rules
  meshward rules -o json`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, ok := catalogs[output]
			if !ok {
				return fmt.Errorf("--output is %q; it must be one of %s", output, names(catalogs))
			}
			return write(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "format of the list: "+names(catalogs))
	completeFlag(cmd, "output", catalogs)
	return cmd
}

func tableOfRules(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tSEVERITY\tFINDS")
	for _, r := range rules.All() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.Severity, r.Doc.Title)
	}
	return table.Flush()
}

// catalogEntry is a rule as programs read it. The texts are Markdown.
type catalogEntry struct {
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	// Subject is where the parties to the defect meet, such as a host.
	Subject string   `json:"subject"`
	Why     string   `json:"why"`
	Fix     string   `json:"fix"`
	See     []string `json:"see"`
}

func rulesAsJSON(w io.Writer) error {
	entries := []catalogEntry{}
	for _, r := range rules.All() {
		entries = append(entries, catalogEntry{
			Name:     r.Name,
			Severity: string(r.Severity),
			Title:    r.Doc.Title,
			Subject:  string(r.On),
			Why:      r.Doc.Why,
			Fix:      r.Doc.Fix,
			See:      append([]string{}, r.Doc.See...),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(entries)
}

func ruleNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	return names
}
