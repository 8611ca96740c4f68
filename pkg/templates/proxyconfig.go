package templates

import (
	"encoding/json"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"k8s.io/utils/lru"
)

// proxyTexts remembers what the latest proxy configurations were written as.
// Nearly all pods have the mesh's own, so a few are enough. A configuration that
// is remembered is kept alive, so that its address stands for it alone.
var proxyTexts = lru.New(16)

// protoToJSON encodes a message; what cannot be encoded is an empty object. Of a
// proxy configuration it leaves out what every proxy takes for granted.
func protoToJSON(message proto.Message) string {
	proxy, ok := message.(*meshconfig.ProxyConfig)
	if !ok {
		return encodedMessage(message)
	}
	if proxy == nil {
		return "{}"
	}
	if known, ok := proxyTexts.Get(proxy); ok {
		text, _ := known.(string)
		return text
	}
	text := encodedMessage(withoutDefaults(proxy))
	proxyTexts.Add(proxy, text)
	return text
}

// encodedMessage uses the encoders of Istio's API, and so comes to Istio's bytes.
func encodedMessage(message proto.Message) string {
	encoder, ok := message.(json.Marshaler)
	if !ok {
		return "{}"
	}
	encoded, err := encoder.MarshalJSON()
	if err != nil {
		return "{}"
	}
	return string(encoded)
}

// impliedFields are those that are left out where they have their default. Others
// have none, or are written out always.
var impliedFields = []protoreflect.Name{
	"config_path", "binary_path", "control_plane_auth_policy", "service_cluster", "drain_duration",
	"termination_drain_duration", "discovery_address", "envoy_metrics_service", "envoy_access_log_service",
	"tracing", "proxy_admin_port", "stat_name_length", "status_port", "concurrency",
}

var impliedConfig = sync.OnceValue(defaultProxyConfig)

func withoutDefaults(proxy *meshconfig.ProxyConfig) *meshconfig.ProxyConfig {
	result := proto.CloneOf(proxy)
	ours, implied := result.ProtoReflect(), impliedConfig().ProtoReflect()
	for _, name := range impliedFields {
		field := ours.Descriptor().Fields().ByName(name)
		if field == nil || !ours.Has(field) || !implied.Has(field) {
			continue
		}
		if ours.Get(field).Equal(implied.Get(field)) {
			ours.Clear(field)
		}
	}
	return result
}
