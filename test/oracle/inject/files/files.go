// Package files has the three files that an injector works from, as an installation of
// Istio has them: they are rendered from the charts in Istio's own module, and nothing of
// them is kept here.
//
// It knows Istio's charts. It must not know either of the two injectors.
package files

import (
	"fmt"
	"sync"
)

// Files are what an injector is given, and how it is told to run.
type Files struct {
	// Name tells these files from others.
	Name string
	// Config and Values are what the ConfigMap of the injector holds under these keys, and
	// Mesh what the ConfigMap of the mesh does.
	Config, Values, Mesh []byte
	// Revision is the one that the injector is for.
	Revision string
	// Native says that every node can run native sidecars.
	Native bool
	// Compliance is what istiod's environment says of cryptography.
	Compliance string
}

// All are the files of all installations, each without and with native sidecars. They are
// made once, so that whoever parses them can remember them by their address.
var All = sync.OnceValues(func() ([]*Files, error) {
	var all []*Files
	for _, i := range installations {
		plain, err := i.files()
		if err != nil {
			return nil, fmt.Errorf("installation %s: %w", i.name, err)
		}
		native := *plain
		native.Name, native.Native = plain.Name+"+native", true
		all = append(all, plain, &native)
	}
	return all, nil
})

// Installations are the names of all installations, in their order.
func Installations() []string {
	names := make([]string, 0, len(installations))
	for _, i := range installations {
		names = append(names, i.name)
	}
	return names
}

// Of are the files of the installation of a name, with native sidecars or without.
func Of(name string, native bool) (*Files, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	if native {
		name += "+native"
	}
	for _, f := range all {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("no installation %s", name)
}
