package mutate

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// proxyID is the user and the group of the proxy, whose own traffic is not redirected.
const proxyID = 1337

const (
	userRange  = "openshift.io/sa.scc.uid-range"
	groupRange = "openshift.io/sa.scc.supplemental-groups"
)

// AssignedRanges returns those annotations of a namespace by which OpenShift says what its
// pods may run as; nil where it says nothing.
func AssignedRanges(annotations map[string]string) map[string]string {
	var ranges map[string]string
	for _, key := range []string{userRange, groupRange} {
		if value, said := annotations[key]; said {
			if ranges == nil {
				ranges = map[string]string{}
			}
			ranges[key] = value
		}
	}
	return ranges
}

// proxyIDs returns the user and the group that proxies of a namespace run as: OpenShift
// allows each namespace a range, of which the proxy takes the last.
func proxyIDs(namespace *metav1.ObjectMeta) (user, group int64) {
	user, group = proxyID, proxyID
	if namespace == nil {
		return user, group
	}
	users := namespace.Annotations[userRange]
	if last, ok := lastOf(users); ok {
		user = last
	}
	groups, said := namespace.Annotations[groupRange]
	if !said {
		groups = users
	}
	first, _, _ := strings.Cut(groups, ",")
	if last, ok := lastOf(first); ok {
		group = last
	}
	return user, group
}

// lastOf is the last number of a range, written as start/size or first-last.
func lastOf(text string) (int64, bool) {
	var first, second uint32
	if strings.Contains(text, "/") {
		_, err := fmt.Sscanf(text, "%d/%d", &first, &second)
		return int64(first + second - 1), err == nil
	}
	_, err := fmt.Sscanf(text, "%d-%d", &first, &second)
	return int64(second), err == nil
}

// dropAssignedUser takes the user and group off the pod's own istio-proxy where they are
// those of its application: OpenShift wrote them there, and traffic of the application
// would pass for the proxy's own.
func (d *draft) dropAssignedUser() {
	proxy := d.proxy()
	if proxy == nil || proxy.container.SecurityContext == nil || d.assignedUser(proxyContainer) != d.assignedUser("") {
		return
	}
	context := proxy.container.SecurityContext
	if context.RunAsUser != nil {
		context.RunAsUser = nil
		proxy.edits = append(proxy.edits, remove("/securityContext/runAsUser"))
	}
	if context.RunAsGroup != nil {
		context.RunAsGroup = nil
		proxy.edits = append(proxy.edits, remove("/securityContext/runAsGroup"))
	}
}

// assignedUser is the user of the last container of a name, or without a name of the last
// that is the application's; 0 where none is assigned.
func (d *draft) assignedUser(name string) (user int64) {
	for _, l := range []*list{d.containers, d.initContainers} {
		for i := range l.items {
			it := &l.items[i]
			ours := slices.Contains([]string{proxyContainer, initContainer, validationContainer}, it.name)
			context := it.container.SecurityContext
			if context != nil && context.RunAsUser != nil && (it.name == name || name == "" && !ours) {
				user = *context.RunAsUser
			}
		}
	}
	return user
}
