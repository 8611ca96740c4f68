package mesh

import "strings"

// Admits reports whether requests for a host may satisfy the match, as far as what it
// asks of the authority decides: that is the host, in any case and with or without a port.
func (m *Match) Admits(host string) bool {
	if IsWildcard(host) {
		return true
	}
	text, host := strings.ToLower(m.Authority.Text), strings.ToLower(host)
	switch m.Authority.How {
	case Exact:
		return text == host || strings.HasPrefix(text, host+":")
	case Prefix:
		return strings.HasPrefix(host, text) || strings.HasPrefix(text, host+":")
	default:
		return true
	}
}
