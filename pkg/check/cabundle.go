package check

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

var caBundle = &Check{
	Name:  "ca-bundle",
	Looks: "caBundle of each webhook: there, in time, and vouching for the certificate that is served",
	run:   checkBundles,
}

func checkBundles(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok || len(ours) == 0 {
		return
	}
	shown, ok := l.served(ctx)
	if ok && shown == nil {
		l.note("no Secret of namespace %s has the certificate that is served; whether it is trusted, injection and validation show", l.Namespace)
	}
	for i := range ours {
		l.bundles(ctx, &ours[i], shown)
	}
}

// bundles tells what is wrong with a configuration's bundles, once for all webhooks with
// which the same is wrong.
func (l *look) bundles(ctx context.Context, c *configuration, shown *served) {
	var problems []string
	by := map[string][]hook{}
	for i := range c.hooks {
		h := &c.hooks[i]
		problem := l.bundle(h, shown)
		if problem == "" {
			continue
		}
		if by[problem] == nil {
			problems = append(problems, problem)
		}
		by[problem] = append(by[problem], *h)
	}
	if len(problems) == 0 {
		return
	}
	filling := l.filling(ctx, c)
	for _, problem := range problems {
		hooks := by[problem]
		tell := l.error
		if hooks[0].client.Service == nil && len(hooks[0].client.CABundle) == 0 {
			tell = l.warn // the system of the API server may trust whoever that is
		}
		which := names(hooks)
		if len(hooks) == len(c.hooks) {
			which = "every webhook"
		}
		fix := filling
		if problem == problemName(&hooks[0], shown) {
			fix = fmt.Sprintf("have it issued for that name: kubectl -n %s edit certificates; or %s", l.Namespace, applied)
		}
		tell(c.Object, fix, "caBundle of %s %s", which, problem)
	}
}

// bundle returns what is wrong with the bundle of a webhook.
func (l *look) bundle(h *hook, shown *served) string {
	if len(h.client.CABundle) == 0 {
		return "is empty, so that the API server trusts no certificate of ours"
	}
	all, err := parse(h.client.CABundle)
	if err != nil {
		return fmt.Sprintf("cannot be read: %v", err)
	}
	roots := x509.NewCertPool()
	expired := true
	for _, authority := range all {
		roots.AddCert(authority)
		expired = expired && l.Now.After(authority.NotAfter)
	}
	if expired {
		latest := slices.MaxFunc(all, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
		return "has expired, on " + day(latest.NotAfter)
	}
	if shown == nil || h.client.Service != nil && h.target() != l.own() {
		return "" // what others are shown, their own Secret has
	}
	return l.vouches(h, roots, shown)
}

// vouches returns why a certificate is not trusted for another reason than its dates, which
// are looked at elsewhere.
func (l *look) vouches(h *hook, roots *x509.CertPool, shown *served) string {
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	judged := shown.authorities
	if len(shown.chain) > 0 {
		judged = shown.chain
		for _, intermediate := range shown.chain[1:] {
			options.Intermediates.AddCert(intermediate)
		}
	}
	if len(judged) == 0 {
		return ""
	}
	options.CurrentTime = l.Now
	if l.Now.After(judged[0].NotAfter) {
		options.CurrentTime = judged[0].NotAfter
	}
	if l.Now.Before(judged[0].NotBefore) {
		options.CurrentTime = judged[0].NotBefore
	}
	if _, err := judged[0].Verify(options); err != nil {
		return fmt.Sprintf("does not vouch for the certificate in %s", shown.secret)
	}
	if len(shown.chain) == 0 {
		return ""
	}
	if err := judged[0].VerifyHostname(h.host()); err != nil {
		return problemName(h, shown)
	}
	return ""
}

// problemName is the problem of a certificate that is for another name.
func problemName(h *hook, shown *served) string {
	if shown == nil {
		return ""
	}
	return fmt.Sprintf("is of no use: the certificate in %s is not for %s, as which the server is called", shown.secret, h.host())
}

// filling says how the bundles of a configuration come to be right.
func (l *look) filling(ctx context.Context, c *configuration) string {
	if from := c.annotations["cert-manager.io/inject-ca-from"]; from != "" {
		return fmt.Sprintf("cert-manager fills it from Certificate %s; ask why it does not: kubectl -n cert-manager logs deployment/cert-manager-cainjector", from)
	}
	d, ok := l.server(ctx)
	if ok && d != nil && argument(d, "cert-dir") == "" {
		return fmt.Sprintf("the replica that leads fills it; ask why it does not: kubectl -n %s logs -l %s --tail=-1 | grep -i cabundle", l.Namespace, labels.SelectorFromSet(d.Spec.Selector.MatchLabels))
	}
	return fmt.Sprintf("whoever issues the certificate fills it; where that is cert-manager: kubectl annotate %s %s cert-manager.io/inject-ca-from=%s/%s-serving", strings.ToLower(c.Kind), c.Name, l.Namespace, l.Service)
}
