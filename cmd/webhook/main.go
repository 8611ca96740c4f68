// Command meshward stands at a Kubernetes cluster's admission door for an Istio
// mesh: it injects sidecars, and refuses traffic configuration that is broken
// across objects. On the command line it gives the same verdicts on files.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// The exit codes, the same for every command and format.
const (
	exitFine     = 0
	exitFindings = 1
	exitFailed   = 2 // could not do its work: usage, or input that cannot be read
)

// errFindings ends a command that did its work and found something.
var errFindings = errors.New("findings")

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFindings):
		return exitFindings
	default:
		fmt.Fprintln(stderr, "meshward:", err)
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "meshward",
		Short:         "Guard an Istio mesh at the admission door",
		Long:          "meshward injects Istio sidecars into pods, and refuses traffic configuration\nthat is broken across objects, as istiod would see it.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newServe(), newInjectCommand(), newValidate(), newAudit(), newExplain(), newRules(), newBootstrap(), newCheck())
	return root
}

// version is the module's version as Go stamped it into the binary.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
