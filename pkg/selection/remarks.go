package selection

// remarks are the comments of printed configurations, by field or by field and value.
// Those on the entries are added from their table.
var remarks = withEntries(map[string]string{
	"operations": `CREATE alone: a pod that is stored takes no further containers.`,
	"failurePolicy: Fail": `Fail, because a pod that starts without its proxy bypasses the mesh and nobody
notices. The price is bounded by who asked: without us, only pods of these selectors
cannot start.`,
	"failurePolicy: Ignore": `While nobody answers, pods start without their proxy and bypass the mesh.`,
	"timeoutSeconds": `The answer itself takes less than a millisecond. Five seconds leave room for two lost
packets of the connection set-up (resent after 1 s and 3 s), which is what a replica
that has just died costs.`,
	"reinvocationPolicy": `A webhook that runs after us may add a container or a volume, which the proxy's
settings depend on. A second call on our own output changes nothing.`,
	"sideEffects": `An Event tells a pod's controller why there is no sidecar. On dry run none is written.`,
	"key: kubernetes.io/metadata.name": `No label may stop what the cluster needs to bring us back: its own parts, its network,
we ourselves, the issuer of our certificate. These names are the same in every webhook
(namespaces.yaml). By the namespace's label, the mesh's control plane is left out as well;
a gateway beside it may still ask by its own.`,
	"key: sidecar.istio.io/inject": `The opt-out of a single pod is settled here, so that it works even while no replica of
ours does.`,
})

func withEntries(texts map[string]string) map[string]string {
	for _, e := range (Options{ByDefault: true}).entries(DefaultRevision) {
		texts["name: "+e.name+suffix] = e.doc
	}
	return texts
}
