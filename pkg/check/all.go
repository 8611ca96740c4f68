package check

// All returns every check, in the order in which one would look: what others rest on
// comes first.
func All() []*Check {
	return []*Check{
		kubernetesVersion,
		istioResources,
		configurations,
		serviceEndpoints,
		deployment,
		disruptionBudget,
		caBundle,
		certificates,
		rights,
		validation,
		injection,
		failurePolicy,
		selectors,
		otherInjectors,
		namespaceLabels,
		workloadLabels,
		excludedNamespaces,
		versionSkew,
	}
}
