package mesh

// namespace is what a Namespace says: its labels, by which istiod discovers it [7.5].
type namespace map[string]string

func (namespace) assert(*Object, *Config, *facts) {}

// namespaceLabels are the labels of a Namespace; an object of another kind has none.
func (o *Object) namespaceLabels() map[string]string {
	labels, _ := o.said.(namespace)
	return labels
}
