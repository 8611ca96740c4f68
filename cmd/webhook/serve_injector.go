package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/meshward/meshward/pkg/injection"
)

// injectorFlags say where the injector of a server takes its configuration from.
type injectorFlags struct {
	config         string
	values         string
	istioConfig    string
	istioNamespace string
	revision       string
	native         injection.Native
	openShift      bool
	compliance     compliancePolicy
}

func (i *injectorFlags) add(flags *pflag.FlagSet) {
	i.native = injection.NativeAuto
	flags.StringVar(&i.config, "inject-config", "", "file with the injector's configuration: Istio's ConfigMap istio-sidecar-injector, or the value of its key config; changes are picked up (default: meshward's own templates)")
	flags.StringVar(&i.values, "values", "", "file with the values of the templates: the same ConfigMap, or the value of its key values; changes are picked up (default: those of --inject-config, else meshward's own)")
	flags.StringVar(&i.istioConfig, "istio-config", "", `"live" takes the injector's configuration, its values and the mesh config from Istio's ConfigMaps; changes are picked up`)
	flags.StringVar(&i.istioNamespace, "istio-namespace", "istio-system", "namespace of Istio's ConfigMaps")
	flags.StringVar(&i.revision, "revision", "default", "revision of the control plane that the sidecars belong to, and whose ConfigMaps are read")
	flags.Var(&i.native, "native-sidecars", "run the proxy as an init container that stays: true, false, or auto if every node has Kubernetes 1.33 (for Jobs 1.29)")
	flags.Lookup("native-sidecars").NoOptDefVal = string(injection.NativeAlways)
	flags.BoolVar(&i.openShift, "openshift", false, "the cluster is OpenShift, which assigns users to the containers of a namespace")
	i.compliance.add(flags)
}

// options are what the flags say, with the file of the mesh config.
func (i *injectorFlags) options(meshFile string) (injection.Options, error) {
	switch {
	case i.istioConfig != "" && i.istioConfig != "live":
		return injection.Options{}, fmt.Errorf(`--istio-config is %q; it must be "live"`, i.istioConfig)
	case i.istioConfig != "" && (i.config != "" || i.values != ""):
		return injection.Options{}, errors.New("--istio-config takes the configuration and its values from the cluster; leave out --inject-config and --values")
	}
	return injection.Options{
		Files:          injection.Files{Config: i.config, Values: i.values, Mesh: meshFile},
		Live:           i.istioConfig != "",
		Namespace:      i.istioNamespace,
		Revision:       i.revision,
		NativeSidecars: i.native,
		OpenShift:      i.openShift,

		CompliancePolicy: string(i.compliance),
	}, nil
}
