package selection

import "maps"

// Parts are the labels of everything that is installed, so that one selector finds it all.
func Parts() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "meshward", "app.kubernetes.io/part-of": "meshward"}
}

// labels are those of a configuration.
func (o Options) labels() map[string]string {
	all := Parts()
	maps.Copy(all, LabelsOf(o.Revision))
	return all
}
