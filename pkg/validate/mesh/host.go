package mesh

import (
	"net/netip"
	"strings"
)

// Resolve expands a host as the objects of a namespace write it into the name
// that the registry knows [1.1]: a name without a dot is a Service of that
// namespace; anything else is left as it is, so "reviews.prod" is not expanded.
func Resolve(host, namespace, domain string) string {
	if host == "" || host == "*" || strings.Contains(host, ".") {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	return serviceHost(host, namespace, domain)
}

// serviceHost is the name of a Kubernetes Service in the registry [1.4].
func serviceHost(name, namespace, domain string) string {
	return name + "." + namespace + ".svc." + domain
}

// IsWildcard reports whether a host stands for many: it starts with "*" [1.8].
func IsWildcard(host string) bool {
	return strings.HasPrefix(host, "*")
}

// hostKey is a host spelled backwards, so that hosts under one wildcard are
// neighbours in the index.
func hostKey(host string) []byte {
	key := make([]byte, len(host))
	for i := range len(host) {
		key[len(host)-1-i] = host[i]
	}
	return key
}

// unkey is the host that a hostKey stands for.
func unkey(key []byte) string {
	return string(hostKey(string(key)))
}

// wildcardKey is what the keys of all hosts that a wildcard covers start with.
func wildcardKey(wildcard string) []byte {
	return hostKey(strings.TrimPrefix(wildcard, "*"))
}
