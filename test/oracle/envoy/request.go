// Package envoy chooses routes as Envoy does: for a request, the virtual host by its
// authority, and there the first route whose match holds. It also makes up enough
// requests for what some routes can tell apart.
//
// It knows Envoy's route tables. It must not know worlds, istiod, nor meshward.
package envoy

import "fmt"

// Request is what routes can ask of a request.
type Request struct {
	Scheme, Method, Authority string
	// Path is without what follows a question mark, which Query has.
	Path    string
	Headers map[string]string
	Query   map[string]string
}

// String is the request for people to read.
func (r Request) String() string {
	return fmt.Sprintf("%s %s://%s%s %v %v", r.Method, r.Scheme, r.Authority, r.Path, r.Query, r.Headers)
}

// header is the value of a header, or of what Envoy has as one, and whether the request
// has it.
func (r Request) header(name string) (string, bool) {
	switch name {
	case methodHeader:
		return r.Method, true
	case authorityHeader:
		return r.Authority, true
	case schemeHeader:
		return r.Scheme, true
	}
	value, has := r.Headers[name]
	return value, has
}

const (
	methodHeader    = ":method"
	authorityHeader = ":authority"
	schemeHeader    = ":scheme"
)
