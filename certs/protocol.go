package certs

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// Protocol is how a TLS server talks. The zero value is TLS 1.3.
type Protocol struct {
	least  uint16
	suites []uint16
}

// NewProtocol returns a protocol of a least version, 1.3 or 1.2, and of cipher suites by
// their standard names, which count in TLS 1.2 only. It returns an error for anything
// that is not to be used, or would have no effect.
func NewProtocol(least string, suites []string) (Protocol, error) {
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	version, ok := versions[strings.TrimPrefix(least, "VersionTLS")]
	if !ok {
		return Protocol{}, fmt.Errorf("the least version of TLS is %q; it must be 1.3 or 1.2", least)
	}
	if version == tls.VersionTLS13 && len(suites) > 0 {
		return Protocol{}, fmt.Errorf("cipher suites have no effect in TLS 1.3; leave them out, or allow TLS 1.2")
	}
	p := Protocol{least: version}
	fit := fitting()
	for _, name := range suites {
		at := slices.IndexFunc(fit, func(s *tls.CipherSuite) bool { return s.Name == name })
		if at < 0 {
			names := make([]string, 0, len(fit))
			for _, s := range fit {
				names = append(names, s.Name)
			}
			return Protocol{}, fmt.Errorf("cipher suite %q is not one of %s", name, strings.Join(names, ", "))
		}
		p.suites = append(p.suites, fit[at].ID)
	}
	return p, nil
}

// fitting are the suites of TLS 1.2 that HTTP/2 allows.
func fitting() []*tls.CipherSuite {
	return slices.DeleteFunc(tls.CipherSuites(), func(s *tls.CipherSuite) bool {
		authenticated := strings.Contains(s.Name, "_GCM_") || strings.Contains(s.Name, "_POLY1305_")
		return !slices.Contains(s.SupportedVersions, tls.VersionTLS12) || !authenticated
	})
}

// Configure makes a TLS server talk that way.
func (p Protocol) Configure(server *tls.Config) {
	server.MinVersion = max(p.least, tls.VersionTLS12)
	if p.least == 0 {
		server.MinVersion = tls.VersionTLS13
	}
	server.CipherSuites = p.suites
}
