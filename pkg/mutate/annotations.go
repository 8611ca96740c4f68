package mutate

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/resource"
)

// checks are the annotations whose values end in a command line or a field of the proxy,
// with what their values have to be.
var checks = map[string]func(value string) error{
	interceptionAnnotation: interceptionMode,
	statusPortAnnotation:   port,
	"readiness.status.sidecar.istio.io/initialDelaySeconds": seconds,
	"readiness.status.sidecar.istio.io/periodSeconds":       seconds,
	"readiness.status.sidecar.istio.io/failureThreshold":    seconds,
	"traffic.sidecar.istio.io/includeOutboundIPRanges":      orAll(networks),
	"traffic.sidecar.istio.io/excludeOutboundIPRanges":      networks,
	"traffic.sidecar.istio.io/includeInboundPorts":          orAll(ports),
	"traffic.sidecar.istio.io/excludeInboundPorts":          ports,
	"traffic.sidecar.istio.io/includeOutboundPorts":         orAll(ports),
	"traffic.sidecar.istio.io/excludeOutboundPorts":         ports,
	"traffic.sidecar.istio.io/excludeInterfaces":            interfaces,
	"traffic.sidecar.istio.io/kubevirtInterfaces":           interfaces,
	"istio.io/reroute-virtual-interfaces":                   interfaces,
	mergeMetrics:                                            boolean,
	"sidecar.istio.io/proxyCPU":                             quantity,
	"sidecar.istio.io/proxyMemory":                          quantity,
	"sidecar.istio.io/proxyCPULimit":                        quantity,
	"sidecar.istio.io/proxyMemoryLimit":                     quantity,
}

// checkAnnotations refuses values that the proxy or its init container could not take,
// all of them at once.
func checkAnnotations(annotations map[string]string) error {
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		check, known := checks[key]
		if !known {
			continue
		}
		if err := check(annotations[key]); err != nil {
			wrong = append(wrong, fmt.Errorf("annotation %s is %.60q: %w", key, annotations[key], err))
		}
	}
	return errors.Join(wrong...)
}

func interceptionMode(value string) error {
	if slices.Contains([]string{"REDIRECT", tproxyMode, "NONE"}, value) {
		return nil
	}
	return errors.New("write REDIRECT, TPROXY or NONE")
}

func port(value string) error {
	if _, err := strconv.ParseUint(strings.TrimSpace(value), 10, 16); err != nil {
		return errors.New("write a port number")
	}
	return nil
}

func ports(value string) error {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	for one := range strings.SplitSeq(strings.TrimSpace(value), ",") {
		if port(one) != nil {
			return fmt.Errorf("%.20q is no port; write port numbers with commas between", one)
		}
	}
	return nil
}

func networks(value string) error {
	if value == "" {
		return nil
	}
	for one := range strings.SplitSeq(value, ",") {
		if _, err := netip.ParsePrefix(one); err != nil {
			return fmt.Errorf("%.40q is no network; write networks such as 10.0.0.0/8 with commas and no blanks between", one)
		}
	}
	return nil
}

// orAll takes a star for all as well.
func orAll(check func(string) error) func(string) error {
	return func(value string) error {
		if value == "*" {
			return nil
		}
		return check(value)
	}
}

func interfaces(value string) error {
	const longest = 15 // bytes, by the kernel
	if value == "" {
		return nil
	}
	for one := range strings.SplitSeq(value, ",") {
		if name := strings.TrimSpace(one); len(name) > longest || !interfaceName.MatchString(name) {
			return fmt.Errorf("%.40q is no network interface; write names of up to %d letters and digits with commas between", one, longest)
		}
	}
	return nil
}

var interfaceName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.\-]*$`)

func seconds(value string) error {
	if _, err := strconv.ParseUint(value, 10, 32); err != nil {
		return errors.New("write a whole number")
	}
	return nil
}

func boolean(value string) error {
	if _, err := strconv.ParseBool(value); err != nil {
		return errors.New("write true or false")
	}
	return nil
}

func quantity(value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return errors.New("write a quantity such as 100m or 128Mi")
	}
	if _, err := resource.ParseQuantity(value); err != nil {
		return errors.New("write a quantity such as 100m or 128Mi")
	}
	return nil
}
