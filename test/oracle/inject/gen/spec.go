package gen

import (
	corev1 "k8s.io/api/core/v1"
)

func podSecurity(d *draft) {
	group, yes := int64(1000), true
	d.spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: &group, RunAsNonRoot: &yes}
	if d.oneIn(3) {
		d.spec.SecurityContext.Sysctls = []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "80"}, {Name: "kernel.x", Value: "1"}}
	}
}

// sameVolumes has volumes of the names that templates use.
func sameVolumes(d *draft) {
	name := pick(d, "istio-envoy", "istio-data", "istio-token", "istiod-ca-cert", "workload-certs", "shared", "istio-podinfo", "workload-socket")
	source := pick(d, corev1.VolumeSource{}, corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
		corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/x"}}, corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}})
	d.note(name)
	d.spec.Volumes = append(d.spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
}

func pullSecrets(d *draft) {
	d.spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: pick(d, "one", "own")}}
	if d.oneIn(2) {
		d.spec.ImagePullSecrets = append(d.spec.ImagePullSecrets, corev1.LocalObjectReference{Name: "other"})
	}
}

func scheduling(d *draft) {
	d.spec.NodeSelector = map[string]string{"disk": "hdd", "zone": "a"}
	d.spec.Tolerations = []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists}, {Key: "l", Value: "v", Effect: corev1.TaintEffectNoSchedule}}
	d.spec.HostAliases = []corev1.HostAlias{{IP: pick(d, "127.0.0.1", "10.0.0.9"), Hostnames: []string{"own"}}}
	d.spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 2, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway}}
	grace := int64(5)
	d.spec.TerminationGracePeriodSeconds = pick(d, nil, &grace)
	d.spec.RestartPolicy = pick(d, "", corev1.RestartPolicyOnFailure)
	d.spec.NodeName = pick(d, "", "node-1")
}

func serviceAccount(d *draft) {
	no := false
	d.spec.ServiceAccountName = "robot"
	d.spec.AutomountServiceAccountToken = pick(d, nil, &no)
}

func dns(d *draft) {
	d.spec.DNSPolicy = pick(d, corev1.DNSNone, corev1.DNSClusterFirst, corev1.DNSDefault)
	one := "1"
	d.spec.DNSConfig = &corev1.PodDNSConfig{Searches: []string{"svc.cluster.local"}, Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: &one}}}
}

func windows(d *draft) {
	d.spec.OS = &corev1.PodOS{Name: corev1.Windows}
	d.spec.Overhead = corev1.ResourceList{}
	d.spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
}
