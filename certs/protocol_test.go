package certs_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/meshward/meshward/certs"
)

func TestProtocol(t *testing.T) {
	for _, c := range []struct {
		least   string
		suites  string
		version uint16
		ids     []uint16
		err     string
	}{
		{least: "1.3", version: tls.VersionTLS13},
		{least: "1.2", version: tls.VersionTLS12},
		{
			least: "1.2", suites: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
			version: tls.VersionTLS12, ids: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		},
		{least: "1.1", err: "it must be 1.3 or 1.2"},
		{least: "", err: "it must be 1.3 or 1.2"},
		{least: "1.3", suites: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", err: "no effect in TLS 1.3"},
		{least: "1.2", suites: "TLS_RSA_WITH_RC4_128_SHA", err: `"TLS_RSA_WITH_RC4_128_SHA" is not one of TLS_ECDHE_`},
		{least: "1.2", suites: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", err: "is not one of"}, // HTTP/2 refuses it
		{least: "1.2", suites: "TLS_AES_128_GCM_SHA256", err: "is not one of"},             // of 1.3
	} {
		var suites []string
		if c.suites != "" {
			suites = strings.Split(c.suites, ",")
		}
		got, err := certs.NewProtocol(c.least, suites)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s, %s: %v, want %q", c.least, c.suites, err, c.err)
		}
		var server tls.Config
		if got.Configure(&server); err == nil && (server.MinVersion != c.version || !slices.Equal(server.CipherSuites, c.ids)) {
			t.Errorf("%s, %s: version %x, suites %x", c.least, c.suites, server.MinVersion, server.CipherSuites)
		}
	}
	var server tls.Config
	if (certs.Protocol{}).Configure(&server); server.MinVersion != tls.VersionTLS13 {
		t.Errorf("the zero value allows version %x", server.MinVersion)
	}
}
