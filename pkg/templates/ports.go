package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// proxyContainer is the name that the proxy has in every template.
const proxyContainer = "istio-proxy"

// excludeInboundPort adds a port to a list with commas, unless it is there or is
// none: empty or 0.
func excludeInboundPort(port any, excluded string) string {
	wanted := strings.TrimSpace(fmt.Sprint(port))
	if wanted == "" || wanted == "0" {
		return excluded
	}
	listed := strings.Split(excluded, ",")
	if slices.Contains(listed, wanted) {
		return excluded
	}
	ports := make([]string, 0, len(listed)+1)
	for _, port := range listed {
		if port = strings.TrimSpace(port); port != "" {
			ports = append(ports, port)
		}
	}
	return strings.Join(append(ports, wanted), ",")
}

// includeInboundPorts returns the TCP ports of all containers, with commas between.
func includeInboundPorts(containers []corev1.Container) string {
	return tcpPorts(containers, "")
}

// applicationPorts returns the TCP ports of all containers but the proxy.
func applicationPorts(containers []corev1.Container) string {
	return tcpPorts(containers, proxyContainer)
}

func tcpPorts(containers []corev1.Container, without string) string {
	var ports []string
	for i := range containers {
		if without != "" && containers[i].Name == without {
			continue
		}
		for _, port := range containers[i].Ports {
			if port.Protocol == corev1.ProtocolUDP || port.Protocol == corev1.ProtocolSCTP {
				continue
			}
			ports = append(ports, strconv.Itoa(int(port.ContainerPort)))
		}
	}
	return strings.Join(ports, ",")
}
