package cluster

import (
	"encoding/base64"
	"fmt"
	"os"
)

const kubeconfigFormat = `apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[4]s
  user:
%[5]scontexts:
- name: %[1]s
  context:
    cluster: %[1]s
    user: %[4]s
current-context: %[1]s
`

// writeKubeconfigs writes one for the admin and one for each client of the API
// server.
func (c *Cluster) writeKubeconfigs() error {
	for _, identity := range identities {
		pair, err := c.authority.Client(identity.user, identity.groups...)
		if err != nil {
			return err
		}
		credentials := fmt.Sprintf("    client-certificate-data: %s\n    client-key-data: %s\n",
			base64.StdEncoding.EncodeToString(pair.Certificate), base64.StdEncoding.EncodeToString(pair.Key))
		if err := c.writeKubeconfig(identity.file, identity.user, credentials); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfig takes the credentials as the indented lines of a user's YAML.
func (c *Cluster) writeKubeconfig(file, user, credentials string) error {
	text := fmt.Sprintf(kubeconfigFormat, c.Name, c.URL, base64.StdEncoding.EncodeToString(c.CA()), user, credentials)
	if err := os.WriteFile(c.kubeconfig(file), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write a kubeconfig: %w", err)
	}
	return nil
}

func (c *Cluster) kubeconfig(file string) string { return c.path(kubeconfigsDir, file+".yaml") }
