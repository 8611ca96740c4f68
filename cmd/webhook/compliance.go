package main

import (
	"fmt"

	"github.com/spf13/pflag"
)

// compliancePolicies are what istiod knows. It passes over any other, but a proxy that is
// not held to what somebody believes it is would be worse than an error.
var compliancePolicies = map[string]bool{"fips-140-2": true, "fips-140-3": true, "pqc": true}

// complianceFlag sets a compliancePolicy.
const complianceFlag = "compliance-policy"

// A compliancePolicy is what cryptography has to comply with, as a flag says; "" for
// nothing.
type compliancePolicy string

func (c *compliancePolicy) add(flags *pflag.FlagSet) {
	flags.Var(c, complianceFlag, "what the proxies' cryptography has to comply with, as istiod's environment variable COMPLIANCE_POLICY says (default: nothing); one of "+names(compliancePolicies))
}

// Set takes what the flag says.
func (c *compliancePolicy) Set(text string) error {
	if text != "" && !compliancePolicies[text] {
		return fmt.Errorf("it must be one of %s", names(compliancePolicies))
	}
	*c = compliancePolicy(text)
	return nil
}

// String is what the flag says.
func (c *compliancePolicy) String() string { return string(*c) }

// Type is how the help calls what the flag says.
func (*compliancePolicy) Type() string { return "policy" }
