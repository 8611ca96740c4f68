// Command cluster starts and stops a test control plane from the shell.
//
// It knows terminals, signals and exit statuses; what a cluster is, it leaves to
// package cluster.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `Cluster runs a real Kubernetes control plane for tests: etcd, kube-apiserver,
kube-controller-manager, kube-scheduler, and kwok in the place of the kubelets.

  cluster up                        run a cluster until Ctrl-C
  cluster up -- COMMAND [ARG…]      run COMMAND with a cluster, and exit as it does
  cluster up --detach               start a cluster and leave it running
  cluster down                      stop a cluster, whichever way it was started
  cluster kubectl [ARG…]            kubectl for a cluster that runs
  cluster build                     build the control plane, if that was not done

All but build take --name NAME, for several clusters side by side, and --dir DIR,
to keep one in a directory of your own. A shell gets at a detached cluster by

  eval "$(cluster up --detach)"

"cluster COMMAND --help" lists the flags of a command.
`

// commands return the exit status of the process; an error is printed and makes
// it 1.
var commands = map[string]func(args []string) (int, error){
	"up":      up,
	"down":    down,
	"kubectl": kubectl,
	"build":   build,
	"keep":    keep, // for up --detach alone
}

// errUsage says that the reason has been printed already.
var errUsage = errors.New("wrong usage")

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	name := os.Args[1]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		fmt.Print(usage)
		return
	}
	run, ok := commands[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "cluster: there is no command %q; see cluster --help\n", name)
		os.Exit(2)
	}
	status, err := run(os.Args[2:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		status = 0
	case errors.Is(err, errUsage):
		status = 2
	case err != nil:
		fmt.Fprintln(os.Stderr, "cluster:", err)
		status = 1
	}
	os.Exit(status)
}
