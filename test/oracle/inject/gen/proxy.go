package gen

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// userProxy gives the pod a proxy container of the user's own, of which the fields win.
func userProxy(early bool) func(*draft) {
	return func(d *draft) {
		c := corev1.Container{Name: proxy, Image: pick(d, "auto", "auto", "mine/proxy:1", "")}
		for i, choose := range proxyFields {
			if d.oneIn(5) {
				d.note(proxyFieldNames[i])
				choose(d, &c)
			}
		}
		switch {
		case early:
			d.spec.InitContainers = append(d.spec.InitContainers, c)
		case d.oneIn(2):
			d.spec.Containers = append([]corev1.Container{c}, d.spec.Containers...)
		default:
			d.spec.Containers = append(d.spec.Containers, c)
		}
	}
}

var proxyFieldNames = []string{"env", "mounts", "args", "ports", "user", "capabilities", "resources", "lifecycle", "probe", "other"}

var proxyFields = []func(*draft, *corev1.Container){
	func(d *draft, c *corev1.Container) {
		c.Env = []corev1.EnvVar{{Name: pick(d, "OWN", "POD_NAME", "ISTIO_META_CLUSTER_ID", "PROXY_CONFIG", "ISTIO_KUBE_APP_PROBERS"), Value: pick(d, "own", "{}", "")}}
		if d.oneIn(3) {
			c.Env = append(c.Env, corev1.EnvVar{Name: "ENVOY_SECURE_MERGED_METRICS_PORT", Value: pick(d, "15091", "x", "")})
		}
	},
	func(d *draft, c *corev1.Container) {
		d.spec.Volumes = append(d.spec.Volumes, corev1.Volume{Name: "certs", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "certs"}}})
		c.VolumeMounts = []corev1.VolumeMount{{Name: "certs", MountPath: pick(d, "/certs", "/etc/istio/proxy"), ReadOnly: true}}
	},
	func(d *draft, c *corev1.Container) {
		c.Args = pick(d, []string{"proxy", "sidecar"}, []string{"--help"}, []string{})
	},
	func(d *draft, c *corev1.Container) {
		c.Ports = []corev1.ContainerPort{{ContainerPort: pick[int32](d, 15090, 12345), Protocol: pick(d, corev1.ProtocolTCP, ""), Name: "mine"}}
	},
	func(d *draft, c *corev1.Container) {
		uid, gid := pick[int64](d, 0, 1337, 1000, 4321), int64(99)
		c.SecurityContext = &corev1.SecurityContext{RunAsUser: pick(d, &uid, &uid, nil), RunAsGroup: pick(d, &gid, nil)}
	},
	func(d *draft, c *corev1.Container) {
		if c.SecurityContext == nil {
			c.SecurityContext = &corev1.SecurityContext{}
		}
		yes := true
		c.SecurityContext.Capabilities = &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}
		c.SecurityContext.Privileged = pick(d, nil, &yes)
	},
	func(d *draft, c *corev1.Container) {
		c.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse(pick(d, "123m", "0.1"))}
		if d.oneIn(2) {
			c.Resources.Limits = corev1.ResourceList{"memory": resource.MustParse("3Gi")}
		}
	},
	func(_ *draft, c *corev1.Container) {
		c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "1"}}}}
	},
	func(_ *draft, c *corev1.Container) {
		c.ReadinessProbe = &corev1.Probe{PeriodSeconds: 77, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/mine", Port: intstr.FromInt32(15021)}}}
	},
	func(d *draft, c *corev1.Container) {
		always := corev1.ContainerRestartPolicyAlways
		c.WorkingDir, c.ImagePullPolicy, c.TTY = "/work", pick(d, corev1.PullAlways, corev1.PullNever), true
		c.RestartPolicy = pick(d, nil, &always)
	},
}

// userInit is an init container of the user's that is named as the injected one.
func userInit(d *draft) {
	uid := int64(5)
	d.spec.InitContainers = append(d.spec.InitContainers, corev1.Container{
		Name: "istio-init", Image: pick(d, "auto", "mine/init"), Args: pick(d, nil, []string{"mine"}),
		SecurityContext: pick(d, nil, &corev1.SecurityContext{RunAsUser: &uid}),
	})
}
