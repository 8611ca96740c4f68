package gen

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// makeNamespaces makes the root namespace and two to four others.
func (m *maker) makeNamespaces() {
	m.namespaces = append([]string{"default"}, some(m, m.between(1, 3), "prod", "team-a", "team-b")...)
	for _, ns := range append([]string{world.Root}, m.namespaces...) {
		m.put(&corev1.Namespace{}, "", ns)
	}
}
