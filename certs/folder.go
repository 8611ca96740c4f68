package certs

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"sync"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/server/tls"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes"
)

const (
	// rereadEvery is how often certificate files are looked at. A kubelet takes about a
	// minute to bring a changed Secret into a volume.
	rereadEvery = 5 * time.Second
	// grace is how long a mounted pair may not have been taken over.
	grace = time.Minute
)

// folder is where a Secret with a certificate is mounted.
type folder struct {
	certificate, key string

	mu    sync.Mutex
	since time.Time // since when the mounted pair is another one; zero if it is not
}

// FromFolder serves tls.crt and tls.key of a folder, in which a Secret is mounted. Files
// that are missing, or broken after a change, are waited for: the last good pair is served
// meanwhile. So is a pair whose issuer the webhook configurations do not trust yet, which
// is known where the server may read them.
func FromFolder(path string, client kubernetes.Interface, o Options, registry prometheus.Registerer, log *slog.Logger) *Source {
	f := &folder{certificate: filepath.Join(path, "tls.crt"), key: filepath.Join(path, "tls.key")}
	source := &certmanager.FileCertificateSource{
		CertPath:       f.certificate,
		KeyPath:        f.key,
		UpdateInterval: rereadEvery,
		MaxFailures:    math.MaxInt,
	}
	s := newSource(client, o, source, f, registry, log)
	s.origin = path
	return s
}

// behind returns an error if a good pair has been mounted for a while, and is not what the
// server has taken over. A bad one is not taken over, and no reason to stop serving.
func (f *folder) behind(taken *tls.Certificate, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	mounted, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil || taken == nil || string(mounted.Certificate[0]) == string(taken.Certificate[0]) {
		f.since = time.Time{}
		return nil
	}
	if f.since.IsZero() {
		f.since = now
	}
	if now.Sub(f.since) < grace {
		return nil
	}
	return fmt.Errorf("the certificate that is served is not the one in %s, which has been there since %s", f.certificate, f.since.Format(time.RFC3339))
}
