package mutate

// order puts the containers of the templates where they belong, whatever put them there.
//
// A native proxy, and what comes with it, goes in front of the init containers of the pod,
// which then have the mesh at hand. A classic one starts only after them, so what redirects
// traffic to it goes last among them, or they would have no network; what only checks that
// traffic is redirected goes first. Among the other containers the proxy is last, so that
// tools which take the first do not take it, or first where the application has to wait.
func (d *draft) order(hold bool) {
	if hold {
		d.containers.first(proxyContainer)
	} else {
		d.containers.last(proxyContainer)
	}
	if d.initContainers.find(proxyContainer) != nil {
		for _, name := range []string{coreDumpContainer, proxyContainer, validationContainer, initContainer} {
			d.initContainers.first(name)
		}
		return
	}
	d.initContainers.first(validationContainer)
	d.initContainers.last(initContainer)
	d.initContainers.last(coreDumpContainer)
}
