package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/meshward/meshward/pkg/injection"
)

func TestInjectorFlags(t *testing.T) {
	for _, c := range []struct {
		arguments string
		want      injection.Options
		err       string
	}{
		{"", injection.Options{Namespace: "istio-system", Revision: "default", NativeSidecars: injection.NativeAuto}, ""},
		{"--native-sidecars", injection.Options{Namespace: "istio-system", Revision: "default", NativeSidecars: injection.NativeAlways}, ""},
		{"--compliance-policy fips140-3", injection.Options{}, "it must be one of fips-140-2, fips-140-3, pqc"},
		{"--native-sidecars=maybe", injection.Options{}, "it must be auto, true or false"},
		{
			"--istio-config live --istio-namespace mesh --revision canary --native-sidecars=false --openshift --compliance-policy pqc",
			injection.Options{Live: true, Namespace: "mesh", Revision: "canary", NativeSidecars: injection.NativeNever, OpenShift: true, CompliancePolicy: "pqc"},
			"",
		},
		{
			"--inject-config config --values values",
			injection.Options{Files: injection.Files{Config: "config", Values: "values"}, Namespace: "istio-system", Revision: "default", NativeSidecars: injection.NativeAuto},
			"",
		},
		{"--istio-config istio", injection.Options{}, `it must be "live"`},
		{"--istio-config live --values values", injection.Options{}, "leave out --inject-config and --values"},
	} {
		var i injectorFlags
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		i.add(flags)
		err := flags.Parse(strings.Fields(c.arguments))
		var got injection.Options
		if err == nil {
			got, err = i.options("")
		}
		if got != c.want || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: %+v, %v", c.arguments, got, err)
		}
	}
}
