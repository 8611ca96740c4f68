package cluster

import "strconv"

const (
	loopback       = "127.0.0.1"
	serviceIPs     = "10.96.0.0/16"
	firstServiceIP = "10.96.0.1" // that of the Service kubernetes
	podIPs         = "10.244.0.0/16"
)

// roles are the programs of a cluster, by the names that they have upstream.
var roles = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok"}

// etcdArgs leave out what only a crash of the machine or a second member needs.
func (c *Cluster) etcdArgs(client port) []string {
	const anyPort = "https://" + loopback + ":0" // for members that never come
	url := "https://" + loopback + ":" + strconv.Itoa(client.number)
	return []string{
		"--name=" + c.Name,
		"--data-dir=" + c.path(etcdFolder),
		"--listen-client-urls=" + url,
		"--advertise-client-urls=" + url,
		"--cert-file=" + c.certificate("etcd"),
		"--key-file=" + c.key("etcd"),
		"--trusted-ca-file=" + c.certificate("ca"),
		"--client-cert-auth",
		"--listen-peer-urls=" + anyPort,
		"--initial-advertise-peer-urls=" + anyPort,
		"--initial-cluster=" + c.Name + "=" + anyPort,
		"--peer-cert-file=" + c.certificate("etcd"),
		"--peer-key-file=" + c.key("etcd"),
		"--peer-trusted-ca-file=" + c.certificate("ca"),
		"--peer-client-cert-auth",
		"--socket-reuse-port",
		"--enable-grpc-gateway=false", // it would want the serving certificate to be a client's as well
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArgs(own, etcd port, more []string) []string {
	args := []string{
		"--etcd-servers=https://" + loopback + ":" + strconv.Itoa(etcd.number),
		"--etcd-cafile=" + c.certificate("ca"),
		"--etcd-certfile=" + c.certificate("etcd-client"),
		"--etcd-keyfile=" + c.key("etcd-client"),
		"--bind-address=" + loopback,
		"--advertise-address=" + loopback,
		"--secure-port=" + strconv.Itoa(own.number),
		"--permit-port-sharing",
		"--tls-cert-file=" + c.certificate("kube-apiserver"),
		"--tls-private-key-file=" + c.key("kube-apiserver"),
		"--client-ca-file=" + c.certificate("ca"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + c.certificate("service-account"),
		"--service-account-signing-key-file=" + c.key("service-account"),
		"--service-cluster-ip-range=" + serviceIPs,
		"--endpoint-reconciler-type=none", // a loopback address cannot be an endpoint
		"--allow-privileged",
		"--profiling=false",
	}
	return append(args, more...)
}

// controllerManagerArgs let its many controllers start at once, for which the
// default of 20 requests a second is too few, and keep it from making a folder for
// volume plugins among the system's.
func (c *Cluster) controllerManagerArgs() []string {
	return []string{
		"--kubeconfig=" + c.kubeconfig("kube-controller-manager"),
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + c.key("service-account"),
		"--root-ca-file=" + c.certificate("ca"),
		"--cluster-signing-cert-file=" + c.certificate("ca"),
		"--cluster-signing-key-file=" + c.key("ca"),
		"--flex-volume-plugin-dir=" + c.path(homeFolder, "flexvolume"),
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
	}
}

func (c *Cluster) schedulerArgs() []string {
	return []string{
		"--kubeconfig=" + c.kubeconfig("kube-scheduler"),
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
	}
}

func (c *Cluster) kwokArgs() []string {
	return []string{
		"--kubeconfig=" + c.kubeconfig("kwok"),
		"--manage-all-nodes",
		"--node-lease-duration-seconds=40", // or every node is NotReady for a while once a minute
		"--cidr=" + podIPs,
	}
}
