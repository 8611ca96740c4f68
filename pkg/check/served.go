package check

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// The Secrets of an installation: what cert-manager issues, and the CA of a server that
// certifies itself.
const (
	mountedSecret   = "meshward-tls"
	authoritySecret = "meshward-ca"
)

// served is what the API server is shown, as far as it is stored.
type served struct {
	secret Object
	// chain starts with the serving certificate. A server that certifies itself keeps that
	// in memory; then there is none.
	chain []*x509.Certificate
	// authorities are the certificates that signed it.
	authorities []*x509.Certificate
}

// served reads the certificates from their Secret. It reports nil where there is none.
func (l *look) served(ctx context.Context) (*served, bool) {
	d, ok := l.server(ctx)
	if !ok {
		return nil, false
	}
	candidates := []string{mountedSecret, authoritySecret}
	if d != nil {
		candidates = []string{secretOf(d)}
	}
	for _, name := range candidates {
		var secret corev1.Secret
		of := Object{"Secret", l.Namespace, name}
		there, ok := l.get(ctx, of, &secret)
		if !ok {
			return nil, false
		}
		if !there {
			continue
		}
		return readServed(of, &secret), true
	}
	return nil, true
}

// readServed takes a Secret apart. What is no certificate is as if it were not there.
func readServed(of Object, secret *corev1.Secret) *served {
	s := &served{secret: of}
	certificates, _ := parse(secret.Data[corev1.TLSCertKey])
	authorities, _ := parse(secret.Data["ca.crt"])
	if len(certificates) > 0 && certificates[0].IsCA {
		s.authorities = certificates
		return s
	}
	s.chain, s.authorities = certificates, authorities
	return s
}

// secretOf is the name of the Secret that a server's certificates come from.
func secretOf(d *appsv1.Deployment) string {
	folder := argument(d, "cert-dir")
	if folder == "" {
		return authoritySecret
	}
	volume := ""
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, mount := range container.VolumeMounts {
			if strings.TrimSuffix(mount.MountPath, "/") == strings.TrimSuffix(folder, "/") {
				volume = mount.Name
			}
		}
	}
	for _, v := range d.Spec.Template.Spec.Volumes {
		if v.Name == volume && v.Secret != nil {
			return v.Secret.SecretName
		}
	}
	return mountedSecret
}

// absence says how to get a Secret that is not there.
func absence(of Object) string {
	if of.Name == authoritySecret {
		return fmt.Sprintf("the first replica makes it; ask why it does not: kubectl -n %s logs deployment/meshward", of.Namespace)
	}
	return fmt.Sprintf("ask who issues it: kubectl -n %s describe certificates,certificaterequests", of.Namespace)
}

// renewal says how to get new certificates for what a Secret has.
func renewal(of Object) string {
	if of.Name == authoritySecret {
		return fmt.Sprintf("have a new CA made: kubectl -n %s delete secret %s", of.Namespace, of.Name)
	}
	return fmt.Sprintf("ask who issues it: kubectl -n %s describe certificates,certificaterequests; then kubectl -n %[1]s delete secret %s", of.Namespace, of.Name)
}

// parse reads the certificates of a PEM file. It returns an error unless there is one, and
// nothing else.
func parse(text []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for len(strings.TrimSpace(string(text))) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return all, errors.New("it is not PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return all, err
		}
		all, text = append(all, certificate), rest
	}
	if len(all) == 0 {
		return nil, errors.New("it is empty")
	}
	return all, nil
}
