package main

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/selection"
)

// rendered is what kustomize makes of config/overlays, one file for each way to have a
// certificate, without the part "hooks", and one for monitoring. A test in test/manifests writes it.
//
//go:embed bootstrap/*.yaml
var rendered embed.FS

// The ways to have a certificate.
const (
	selfManaged = "self-managed"
	certManager = "cert-manager"
)

func certificateModes() []string { return []string{selfManaged, certManager} }

// installation is what the part "server" can be told.
type installation struct {
	certificates   string
	validatePolicy string
	replicas       int
	image          string
	openshift      bool
	monitoring     bool
}

func (i *installation) add(flags *pflag.FlagSet) {
	flags.StringVar(&i.certificates, "certificates", selfManaged, "where the certificate comes from: "+strings.Join(certificateModes(), ", "))
	flags.StringVar(&i.validatePolicy, "validation-failure-policy", "Ignore", "what becomes of traffic configuration while nobody answers: "+strings.Join(selection.FailurePolicies(), ", "))
	flags.IntVar(&i.replicas, "replicas", 2, "how many replicas serve")
	flags.StringVar(&i.image, "image", "meshward:dev", "image of meshward")
	flags.BoolVar(&i.openshift, "openshift", false, "leave users and groups to OpenShift, and know its DNS")
	flags.BoolVar(&i.monitoring, "monitoring", false, "add a PodMonitor, alert rules and a dashboard, for the Prometheus operator")
}

func (i *installation) check() error {
	var wrong []error
	if !slices.Contains(certificateModes(), i.certificates) {
		wrong = append(wrong, fmt.Errorf("--certificates is %q; it must be one of %s", i.certificates, strings.Join(certificateModes(), ", ")))
	}
	if !slices.Contains(selection.FailurePolicies(), i.validatePolicy) {
		wrong = append(wrong, fmt.Errorf("--validation-failure-policy is %q; it must be one of %s", i.validatePolicy, strings.Join(selection.FailurePolicies(), ", ")))
	}
	if i.replicas < 0 {
		wrong = append(wrong, fmt.Errorf("--replicas is %d; it must not be negative", i.replicas))
	}
	if i.image == "" {
		wrong = append(wrong, errors.New("--image is empty"))
	}
	return errors.Join(wrong...)
}

func (b bootstrap) server(w io.Writer) error {
	if b.ServiceName() != (selection.Options{}).ServiceName() {
		return errors.New(`the part "server" is that of the default revision; print "hooks" alone with --revision or --service`)
	}
	configurations, err := b.Configurations()
	if err != nil {
		return err
	}
	var names []any
	for _, configuration := range configurations {
		names = append(names, configuration.Name)
	}
	text, err := b.rendered()
	if err != nil {
		return err
	}
	// The default namespace stands in no other word of the manifests, and in some where no
	// field is for a namespace: in a certificate's name, an annotation, a selector.
	text = bytes.ReplaceAll(text, []byte(selection.DefaultNamespace), []byte(cmp.Or(b.Namespace, selection.DefaultNamespace)))
	var documents [][]byte
	for document := range bytes.SplitSeq(text, []byte("---\n")) {
		changed, err := b.changed(document, names)
		if err != nil {
			return err
		}
		documents = append(documents, changed)
	}
	_, err = w.Write(bytes.Join(documents, []byte("---\n")))
	return err
}

// rendered is what the flags want of what kustomize has rendered.
func (i *installation) rendered() ([]byte, error) {
	files := []string{i.certificates}
	if i.monitoring {
		files = append(files, "monitoring")
	}
	var texts [][]byte
	for _, file := range files {
		text, err := rendered.ReadFile("bootstrap/" + file + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("the manifests are not in this binary: %w", err)
		}
		texts = append(texts, text)
	}
	return bytes.Join(texts, []byte("---\n")), nil
}

// changed is a document as the flags want it.
func (b bootstrap) changed(document []byte, configurations []any) ([]byte, error) {
	object := make(map[string]any)
	if err := yaml.Unmarshal(document, &object); err != nil {
		return nil, fmt.Errorf("the manifests in this binary cannot be read: %w", err)
	}
	name, _, _ := unstructured.NestedString(object, "metadata", "name")
	kind, _, _ := unstructured.NestedString(object, "kind")
	switch kind {
	case "Deployment":
		b.deployment(object)
	case "NetworkPolicy":
		b.networkPolicy(object)
	case "ValidatingWebhookConfiguration":
		for _, webhook := range itemsOf(object, "webhooks") {
			webhook["failurePolicy"] = b.validatePolicy
		}
	case "ClusterRole":
		if name != "meshward-certificates" {
			return document, nil
		}
		for _, rule := range itemsOf(object, "rules") {
			rule["resourceNames"] = configurations
		}
	default:
		return document, nil
	}
	return yaml.Marshal(object)
}

func (i *installation) deployment(object map[string]any) {
	spec, _ := object["spec"].(map[string]any)
	spec["replicas"] = i.replicas
	for _, container := range itemsOf(object, "spec", "template", "spec", "containers") {
		container["image"] = i.image
	}
	if i.openshift {
		for _, field := range []string{"runAsUser", "runAsGroup", "fsGroup"} {
			unstructured.RemoveNestedField(object, "spec", "template", "spec", "securityContext", field)
		}
	}
}

// networkPolicy lets DNS through, which comes first.
func (i *installation) networkPolicy(object map[string]any) {
	if !i.openshift {
		return
	}
	dns := itemsOf(object, "spec", "egress")[0]
	ports, _ := dns["ports"].([]any)
	for _, protocol := range []string{"UDP", "TCP"} {
		ports = append(ports, map[string]any{"port": 5353, "protocol": protocol})
	}
	dns["ports"] = ports
}

// itemsOf are the objects in a list, to be changed where they are.
func itemsOf(object map[string]any, path ...string) []map[string]any {
	list, _, _ := unstructured.NestedFieldNoCopy(object, path...)
	all, _ := list.([]any)
	var items []map[string]any
	for _, item := range all {
		if item, is := item.(map[string]any); is {
			items = append(items, item)
		}
	}
	return items
}
