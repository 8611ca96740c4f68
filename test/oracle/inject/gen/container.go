package gen

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func secondContainer(d *draft) {
	d.spec.Containers = append(d.spec.Containers, corev1.Container{Name: pick(d, "app", "second"), Image: "second:1", Args: []string{"serve"}})
}

func severalContainers(d *draft) {
	for i := range d.between(2, 4) {
		d.spec.Containers = append(d.spec.Containers, corev1.Container{Name: fmt.Sprintf("more-%d", i), Image: "more"})
	}
}

func initContainers(d *draft) {
	for i := range d.between(1, 2) {
		d.spec.InitContainers = append(d.spec.InitContainers, corev1.Container{Name: fmt.Sprintf("prepare-%d", i), Image: "prepare", Command: []string{"sh", "-c", "true"}})
	}
}

func nativeInit(d *draft) {
	always := corev1.ContainerRestartPolicyAlways
	d.spec.InitContainers = append(d.spec.InitContainers, corev1.Container{
		Name: "native", Image: "native", RestartPolicy: &always,
		ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(7070)}}},
		Ports:          []corev1.ContainerPort{{ContainerPort: 7070}},
	})
}

func ports(d *draft) {
	c := d.container()
	for range d.between(1, 3) {
		port := corev1.ContainerPort{ContainerPort: pick[int32](d, 80, 8080, 9090, 443), Name: pick(d, "", "http", "grpc", "metrics"), Protocol: pick(d, "", corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)}
		if d.oneIn(5) {
			port.HostPort = 80
		}
		c.Ports = append(c.Ports, port)
	}
}

func environment(d *draft) {
	c := d.container()
	c.Env = append(c.Env, corev1.EnvVar{Name: pick(d, "PLAIN", "SAME", "ENVOY_SECURE_MERGED_METRICS_PORT"), Value: pick(d, "1", "", "a\nb", "$(POD)")})
	if d.oneIn(2) {
		c.Env = append(c.Env, corev1.EnvVar{Name: "OWN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"}}})
	}
	c.EnvFrom = append(c.EnvFrom, corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "env"}}})
}

func containerSecurity(d *draft) {
	c := d.container()
	yes, no, uid := true, false, pick[int64](d, 0, 1000, 1337)
	c.SecurityContext = &corev1.SecurityContext{RunAsUser: &uid, Privileged: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}
}

func containerResources(d *draft) {
	c := d.container()
	c.Resources = corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"cpu": resource.MustParse("0.5"), "memory": resource.MustParse("1Gi")},
		Limits:   corev1.ResourceList{"cpu": resource.MustParse(pick(d, "1000m", "1", "1e3")), "example.com/gpu": resource.MustParse("1")},
	}
}

func volumes(d *draft) {
	d.spec.Volumes = append(d.spec.Volumes,
		corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		corev1.Volume{Name: "kube-api-access-7k2pq", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
	)
	c := d.container()
	c.VolumeMounts = append(c.VolumeMounts,
		corev1.VolumeMount{Name: "data", MountPath: "/data"},
		corev1.VolumeMount{Name: "kube-api-access-7k2pq", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true},
	)
}

// injectedName gives a container of the user's the name of one that templates have.
func injectedName(d *draft) {
	c := corev1.Container{Name: pick(d, "istio-validation", "helper", "setup", "first", "zz", "enable-core-dump"), Image: "mine"}
	if d.oneIn(2) {
		d.spec.InitContainers = append(d.spec.InitContainers, c)
	} else {
		d.spec.Containers = append(d.spec.Containers, c)
	}
}

func hostileContainer(d *draft) {
	c := d.container()
	switch d.IntN(3) {
	case 0:
		c.Name = pick(d, "a\"b", "a: b", "{{x}}", "a\nb", "é")
	case 1:
		c.Image = pick(d, "image: \"x\"", "registry:5000/a/b:tag@sha256:0123", "", "a@sha256:1")
	default:
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: "a\"<&>'", ContainerPort: 0, HostIP: "::1"})
	}
}
