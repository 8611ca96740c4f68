package templates

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	"sigs.k8s.io/yaml"
)

// DefaultMesh returns the mesh configuration that istiod has before it reads any.
func DefaultMesh() *meshconfig.MeshConfig {
	return &meshconfig.MeshConfig{
		DefaultConfig:                  defaultProxyConfig(),
		ProxyListenPort:                15001,
		ProxyInboundListenPort:         15006,
		ConnectTimeout:                 durationpb.New(10 * time.Second),
		ProtocolDetectionTimeout:       durationpb.New(0),
		DnsRefreshRate:                 durationpb.New(60 * time.Second),
		IngressClass:                   "istio",
		IngressService:                 "istio-ingressgateway",
		IngressControllerMode:          meshconfig.MeshConfig_STRICT,
		EnableTracing:                  true,
		EnableAutoMtls:                 wrapperspb.Bool(true),
		EnablePrometheusMerge:          wrapperspb.Bool(true),
		TrustDomain:                    "cluster.local",
		RootNamespace:                  "istio-system",
		DefaultServiceExportTo:         []string{"*"},
		DefaultVirtualServiceExportTo:  []string{"*"},
		DefaultDestinationRuleExportTo: []string{"*"},
		OutboundTrafficPolicy: &meshconfig.MeshConfig_OutboundTrafficPolicy{
			Mode: meshconfig.MeshConfig_OutboundTrafficPolicy_ALLOW_ANY,
		},
		InboundTrafficPolicy: &meshconfig.MeshConfig_InboundTrafficPolicy{
			Mode: meshconfig.MeshConfig_InboundTrafficPolicy_PASSTHROUGH,
		},
		LocalityLbSetting: &networking.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(true)},
		DefaultProviders:  &meshconfig.MeshConfig_DefaultProviders{},
		ExtensionProviders: []*meshconfig.MeshConfig_ExtensionProvider{
			{Name: "prometheus", Provider: &meshconfig.MeshConfig_ExtensionProvider_Prometheus{
				Prometheus: &meshconfig.MeshConfig_ExtensionProvider_PrometheusMetricsProvider{},
			}},
			{Name: "stackdriver", Provider: &meshconfig.MeshConfig_ExtensionProvider_Stackdriver{
				Stackdriver: &meshconfig.MeshConfig_ExtensionProvider_StackdriverProvider{},
			}},
			{Name: "envoy", Provider: &meshconfig.MeshConfig_ExtensionProvider_EnvoyFileAccessLog{
				EnvoyFileAccessLog: &meshconfig.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider{Path: "/dev/stdout"},
			}},
		},
	}
}

func defaultProxyConfig() *meshconfig.ProxyConfig {
	return &meshconfig.ProxyConfig{
		ConfigPath:               "./etc/istio/proxy",
		BinaryPath:               "/usr/local/bin/envoy",
		ClusterName:              &meshconfig.ProxyConfig_ServiceCluster{ServiceCluster: "istio-proxy"},
		ControlPlaneAuthPolicy:   meshconfig.AuthenticationPolicy_MUTUAL_TLS,
		DiscoveryAddress:         "istiod.istio-system.svc:15012",
		DrainDuration:            durationpb.New(45 * time.Second),
		TerminationDrainDuration: durationpb.New(5 * time.Second),
		ProxyAdminPort:           15000,
		StatNameLength:           189,
		StatusPort:               15020,
	}
}

// ParseMesh reads a mesh configuration, the key mesh of Istio's ConfigMap istio,
// over DefaultMesh. As in istiod a field takes the place of its default, but that
// the fields of defaultConfig and defaultProviders do so one by one, that
// extensionProviders are told apart by name, and that proxyMetadata is merged.
// Fields that nobody knows are passed over.
//
// It fails where text is no YAML, and where a field has another type.
func ParseMesh(text []byte) (*meshconfig.MeshConfig, error) {
	encoded, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read the mesh configuration: %w", err)
	}
	mesh := DefaultMesh()
	proxy, standing := mesh.DefaultConfig, mesh.ExtensionProviders
	mesh.DefaultConfig, mesh.DefaultProviders = nil, nil
	if err := mesh.UnmarshalJSON(encoded); err != nil {
		return nil, fmt.Errorf("cannot read the mesh configuration: %w", err)
	}
	// The two that merge were read only to see that they can be.
	mesh.DefaultConfig, mesh.DefaultProviders = proxy, &meshconfig.MeshConfig_DefaultProviders{}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &parts); err != nil {
		return nil, fmt.Errorf("cannot read the mesh configuration: %w", err)
	}
	if part, ok := parts["defaultConfig"]; ok {
		if err := layProxyConfig(mesh.DefaultConfig, part); err != nil {
			return nil, fmt.Errorf("cannot read the mesh configuration: defaultConfig: %w", err)
		}
	}
	if part, ok := parts["defaultProviders"]; ok {
		if err := mesh.DefaultProviders.UnmarshalJSON(part); err != nil {
			return nil, fmt.Errorf("cannot read the mesh configuration: defaultProviders: %w", err)
		}
	}
	mesh.ExtensionProviders = mergedProviders(standing, mesh.ExtensionProviders)
	slices.Sort(mesh.TrustDomainAliases)
	mesh.TrustDomainAliases = slices.Compact(mesh.TrustDomainAliases)
	return mesh, nil
}

func mergedProviders(standing, given []*meshconfig.MeshConfig_ExtensionProvider) []*meshconfig.MeshConfig_ExtensionProvider {
	result := slices.Clone(standing)
	for _, provider := range given {
		at := slices.IndexFunc(result, func(known *meshconfig.MeshConfig_ExtensionProvider) bool {
			return known.GetName() == provider.GetName()
		})
		if at < 0 {
			result = append(result, provider)
			continue
		}
		result[at] = provider
	}
	return result
}

// layProxyConfig lays a JSON object over a proxy configuration.
func layProxyConfig(proxy *meshconfig.ProxyConfig, encoded []byte) error {
	metadata, headers := proxy.ProxyMetadata, proxy.ProxyHeaders
	if err := proxy.UnmarshalJSON(encoded); err != nil {
		return err
	}
	if metadata != nil {
		all := maps.Clone(metadata)
		maps.Copy(all, proxy.ProxyMetadata)
		proxy.ProxyMetadata = all
	}
	if over := proxy.ProxyHeaders; over != nil && headers != nil {
		over.ForwardedClientCert = cmp.Or(over.ForwardedClientCert, headers.ForwardedClientCert)
		over.RequestId = cmp.Or(over.RequestId, headers.RequestId)
		over.AttemptCount = cmp.Or(over.AttemptCount, headers.AttemptCount)
		over.Server = cmp.Or(over.Server, headers.Server)
		over.EnvoyDebugHeaders = cmp.Or(over.EnvoyDebugHeaders, headers.EnvoyDebugHeaders)
	}
	return nil
}

// WithProxyConfig returns mesh with a pod's annotation proxy.istio.io/config laid
// over its defaultConfig. The entries of proxyMetadata are merged; every other
// field that the annotation has takes the place of the mesh's. The mesh is not
// changed.
//
// Fields that nobody knows do nothing. They are returned as paths, sorted. It
// fails where the annotation is no YAML object, and where a field has another
// type.
func WithProxyConfig(mesh *meshconfig.MeshConfig, annotation string) (merged *meshconfig.MeshConfig, unknown []string, err error) {
	encoded, err := yaml.YAMLToJSON([]byte(annotation))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the proxy configuration: %w", err)
	}
	merged = proto.CloneOf(mesh)
	if merged.DefaultConfig == nil {
		merged.DefaultConfig = &meshconfig.ProxyConfig{}
	}
	if err := layProxyConfig(merged.DefaultConfig, encoded); err != nil {
		return nil, nil, fmt.Errorf("cannot read the proxy configuration: %w", err)
	}
	var object any
	if err := json.Unmarshal(encoded, &object); err != nil {
		return nil, nil, fmt.Errorf("cannot read the proxy configuration: %w", err)
	}
	unknown = unknownFields(object, merged.DefaultConfig.ProtoReflect().Descriptor(), "")
	slices.Sort(unknown)
	return merged, unknown, nil
}
