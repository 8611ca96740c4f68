package check

import (
	"fmt"
	"strings"
)

// A cause is why the API server could not call a webhook, as its error tells.
type cause struct {
	says    string // a part of the error
	problem string
	fix     string // with the namespace
}

var causes = []cause{
	{"x509: certificate signed by unknown authority", "the API server does not trust its certificate", "see what ca-bundle says, and kubectl -n %s logs deployment/meshward"},
	{"x509: certificate has expired or is not yet valid", "its certificate is out of date", "see what certificates says, and kubectl -n %s get secrets"},
	{"x509: certificate is valid for", "its certificate is for another name", "see what ca-bundle says, and kubectl -n %s get certificates"},
	{"x509:", "the API server does not trust its certificate", "see what ca-bundle says, and kubectl -n %s logs deployment/meshward"},
	{"no endpoints available", "its Service has no ready endpoint", "see what service says, and kubectl -n %s get pods"},
	{"not found", "its Service is not there", "see what service says, and kubectl -n %s get services"},
	{"connection refused", "nobody listens where the API server calls", "kubectl -n %s get pods,endpointslices -o wide"},
	{"timeout", "it does not answer in time: it is overloaded, or a firewall or NetworkPolicy lies between the API server and port 9443 of its pods", "kubectl -n %s get pods,networkpolicies -o wide"},
	{"deadline exceeded", "it does not answer in time: it is overloaded, or a firewall or NetworkPolicy lies between the API server and port 9443 of its pods", "kubectl -n %s get pods,networkpolicies -o wide"},
	{"", "the API server cannot call it", "kubectl -n %s get pods; kubectl -n %[1]s logs deployment/meshward"},
}

// uncalled tells of a webhook that the API server failed to call. It reports false where
// that is not what an error is about.
func (l *look) uncalled(err error) (webhook, problem, fix string, ok bool) {
	_, rest, ok := strings.Cut(err.Error(), `failed calling webhook "`)
	if !ok {
		return "", "", "", false
	}
	webhook, rest, _ = strings.Cut(rest, `"`)
	for _, c := range causes {
		if strings.Contains(rest, c.says) {
			return webhook, c.problem, fmt.Sprintf(c.fix, l.Namespace), true
		}
	}
	return webhook, "", "", false
}

// deniedBy is the webhook that refused an object, and "" where it was somebody else.
func deniedBy(err error) string {
	_, rest, ok := strings.Cut(err.Error(), `admission webhook "`)
	if !ok {
		return ""
	}
	webhook, _, _ := strings.Cut(rest, `"`)
	return webhook
}
