package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/meshward/meshward/test/cluster"
)

// plain is a word that means itself to every shell.
var plain = regexp.MustCompile(`^[-_./0-9A-Za-z]+$`)

// tellShell prints what a shell has to evaluate, and nothing else goes to
// standard output.
func tellShell(c *cluster.Cluster) {
	for _, variable := range c.Env() {
		name, value, _ := strings.Cut(variable, "=")
		if name == "PATH" {
			fmt.Printf("export PATH=%s:\"$PATH\"\n", quote(c.BinDir))
			continue
		}
		fmt.Printf("export %s=%s\n", name, quote(value))
	}
}

// quote writes a word for a shell.
func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
