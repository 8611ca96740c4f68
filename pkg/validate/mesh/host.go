package mesh

import (
	"net/netip"
	"slices"
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
func hostKey(host string) []byte { return appendHostKey(make([]byte, 0, len(host)), host) }

func appendHostKey(to []byte, host string) []byte {
	for i := len(host) - 1; i >= 0; i-- {
		to = append(to, host[i])
	}
	return to
}

// unkey is the host that a hostKey stands for.
func unkey(key []byte) string {
	var space keySpace
	host := space[:0]
	for _, b := range slices.Backward(key) {
		host = append(host, b)
	}
	return string(host)
}

// wildcardKey is what the keys of all hosts that a wildcard covers start with.
func wildcardKey(wildcard string) []byte {
	return hostKey(strings.TrimPrefix(wildcard, "*"))
}

// Covers reports whether a host, or every host of a wildcard, falls under another
// [1.8]: "*.foo.com" covers "a.foo.com" and "*.a.foo.com" but not "foo.com".
func Covers(wide, narrow string) bool {
	if wide == narrow {
		return true
	}
	return IsWildcard(wide) && strings.HasSuffix(strings.TrimPrefix(narrow, "*"), strings.TrimPrefix(wide, "*"))
}

// Overlap returns the narrower of two hosts, and whether they have any name in
// common.
func Overlap(a, b string) (narrower string, overlap bool) {
	switch {
	case Covers(a, b):
		return b, true
	case Covers(b, a):
		return a, true
	default:
		return "", false
	}
}

// wildcardsOver returns every wildcard that could cover a host, the most specific
// first.
func wildcardsOver(host string) []string {
	tail := strings.TrimPrefix(host, "*")
	wildcards := make([]string, 0, len(tail)+1)
	for i := range len(tail) + 1 {
		if wildcard := "*" + tail[i:]; wildcard != host {
			wildcards = append(wildcards, wildcard)
		}
	}
	return wildcards
}

// PartlyQualified returns the spellings of a Service's host that leave its end
// out: "reviews.prod" and "reviews.prod.svc". istiod completes neither [1.2].
func PartlyQualified(host, domain string) []string {
	short, isService := strings.CutSuffix(host, ".svc."+domain)
	if !isService || strings.Count(short, ".") != 1 {
		return nil
	}
	return []string{short, short + ".svc"}
}

// Completed returns the host of the Service that a spelling without its end
// means, and whether it is such a spelling.
func Completed(spelling, domain string) (host string, ok bool) {
	short := strings.TrimSuffix(spelling, ".svc")
	name, namespace, dotted := strings.Cut(short, ".")
	if !dotted || strings.Contains(namespace, ".") || IsWildcard(name) {
		return "", false
	}
	return serviceHost(name, namespace, domain), true
}
