package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/meshward/meshward/test/cluster"
)

// place is which cluster a command is about.
type place struct {
	name, dir string
}

// newFlags returns the flags that all commands share.
func newFlags(command string) (*flag.FlagSet, *place) {
	p := &place{}
	flags := flag.NewFlagSet("cluster "+command, flag.ContinueOnError)
	flags.StringVar(&p.name, "name", "meshward", "`NAME` of the cluster")
	flags.StringVar(&p.dir, "dir", "", "`DIR`ectory of the cluster (default: one of that name in the user's cache)")
	return flags, p
}

// parse reads the flags and settles the directory. The flag package prints what
// is wrong with them.
func (p *place) parse(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return errUsage
	}
	if err != nil || p.dir != "" {
		return err
	}
	cache, err := cluster.CacheDir()
	p.dir = filepath.Join(cache, "clusters", p.name)
	return err
}

// noMore refuses arguments that a command has no use for.
func noMore(flags *flag.FlagSet, hint string) error {
	if flags.NArg() == 0 {
		return nil
	}
	fmt.Fprintf(flags.Output(), "%s takes no argument %q%s\n", flags.Name(), flags.Arg(0), hint)
	return errUsage
}
