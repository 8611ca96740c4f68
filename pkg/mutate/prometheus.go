package mutate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A scrape is what a pod says about the metrics of its application. The agent collects them
// with its own, and Prometheus is sent to the agent.
type scrape struct {
	Scrape  string         `json:"scrape"`
	Path    string         `json:"path"`
	Port    string         `json:"port"`
	Targets []scrapeTarget `json:"targets,omitempty"`
}

type scrapeTarget struct {
	Port string `json:"port"`
	Path string `json:"path"`
}

const (
	scrapeVariable       = "ISTIO_PROMETHEUS_ANNOTATIONS"
	mergeMetrics         = "prometheus.istio.io/merge-metrics"
	securePort           = "prometheus.istio.io/secure-port"
	securePortVariable   = "ENVOY_SECURE_MERGED_METRICS_PORT"
	scrapeKey            = "prometheus_io_scrape"
	scrapePortKey        = "prometheus_io_port"
	scrapePathKey        = "prometheus_io_path"
	scrapeTargetsKey     = "prometheus_istio_io_scrape_targets"
	scrapeSecurePortKey  = "prometheus_istio_io_secure_port"
	mergedPath           = "/stats/prometheus"
	lowestPort, lastPort = 1, 65535
)

// proxyPorts are those of the proxy and its agent, where no application listens.
var proxyPorts = []int{15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090}

// spelled is an annotation key as Prometheus reads it: whatever is no letter, digit or
// underscore is an underscore, so that many spellings are one.
func spelled(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, key)
}

// said returns the annotations that Prometheus reads under some of the keys, in order.
func (d *draft) said(keys ...string) (found []string) {
	for key := range d.annotations {
		if strings.HasPrefix(key, "prometheus") && slices.Contains(keys, spelled(key)) {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	return found
}

// mergePrometheus sends Prometheus to the agent, at a port, and tells the agent where the
// application's metrics are. It fails where they cannot be there.
func (d *draft) mergePrometheus(byDefault bool, agentPort int32) error {
	merge := byDefault
	if value, err := strconv.ParseBool(d.annotations[mergeMetrics]); err == nil {
		merge = value
	}
	if !merge {
		return nil
	}
	for _, key := range d.said(scrapeKey) {
		if wanted, err := strconv.ParseBool(d.annotations[key]); err == nil {
			if !wanted {
				return nil
			}
			break
		}
	}
	port := strconv.Itoa(int(agentPort))
	if own := d.said(scrapePortKey); len(own) > 0 && d.annotations[own[0]] == port {
		return nil // it is sent there already
	}
	wanted, err := d.scrape(port)
	if err != nil {
		return err
	}
	if proxy := d.proxy(); proxy != nil && wanted != nil {
		proxy.addEnv(corev1.EnvVar{Name: scrapeVariable, Value: string(encoded(wanted))})
	}
	for _, key := range d.said(scrapeKey, scrapePortKey, scrapePathKey, scrapeTargetsKey) {
		delete(d.annotations, key)
	}
	d.annotations["prometheus.io/port"] = port
	d.annotations["prometheus.io/path"] = mergedPath
	d.annotations["prometheus.io/scrape"] = "true"
	return nil
}

// scrape returns what the annotations say, and nil where they say nothing.
func (d *draft) scrape(agentPort string) (*scrape, error) {
	said := d.said(scrapeKey, scrapePortKey, scrapePathKey, scrapeTargetsKey)
	if len(said) == 0 {
		return nil, nil //nolint:nilnil // nothing said is no error
	}
	var found scrape
	for _, key := range said {
		found.read(spelled(key), d.annotations[key])
	}
	if len(found.Targets) > 0 {
		found.Port, found.Path = found.Targets[0].Port, found.Targets[0].Path
	}
	for _, target := range found.Targets {
		if err := checkScraped(target.Port, agentPort); err != nil {
			return nil, fmt.Errorf("annotation prometheus.istio.io/scrape-targets: %w", err)
		}
	}
	if found.Port != "" {
		if err := checkScraped(found.Port, agentPort); err != nil {
			return nil, fmt.Errorf("annotation prometheus.io/port: %w", err)
		}
	}
	if found.isEmpty() {
		return nil, nil //nolint:nilnil // as above
	}
	return &found, nil
}

// read takes in one annotation. Targets that cannot be read count as absent.
func (s *scrape) read(key, value string) {
	switch key {
	case scrapeKey:
		s.Scrape = value
	case scrapePortKey:
		s.Port = value
	case scrapePathKey:
		s.Path = value
	case scrapeTargetsKey:
		if targets, err := scrapeTargets(value); err == nil {
			s.Targets = targets
		}
	}
}

func (s *scrape) isEmpty() bool {
	return s.Scrape == "" && s.Path == "" && s.Port == "" && len(s.Targets) == 0
}

func scrapeTargets(text string) ([]scrapeTarget, error) {
	var targets []scrapeTarget
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		port, path, _ := strings.Cut(entry, ":")
		target := scrapeTarget{Port: strings.TrimSpace(port), Path: cmp.Or(strings.TrimSpace(path), "/metrics")}
		if target.Port == "" {
			return nil, fmt.Errorf("%q has no port", entry)
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// checkScraped refuses a port at which no application can have its metrics.
func checkScraped(text, agentPort string) error {
	port, err := strconv.Atoi(text)
	switch {
	case err != nil || port < lowestPort || port > lastPort:
		return fmt.Errorf("%.20q is no port; write a number from 1 to 65535", text)
	case strconv.Itoa(port) == agentPort, slices.Contains(proxyPorts, port):
		return fmt.Errorf("port %d is the proxy's own; name the one where the application serves its metrics", port)
	}
	return nil
}

// tellSecurePort tells Prometheus of the port on which the proxy serves the metrics over
// TLS, unless the pod does.
func (d *draft) tellSecurePort() {
	proxy := d.proxy()
	if proxy == nil || len(d.said(scrapeSecurePortKey)) > 0 {
		return
	}
	for _, variable := range proxy.container.Env {
		if variable.Name == securePortVariable && variable.Value != "" && variable.Value != "0" {
			d.annotations[securePort] = variable.Value
			return
		}
	}
}
