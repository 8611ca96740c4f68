package analyzers

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/msg"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/world"
)

// What stands for what. A message may stand for several rules where its text leaves open
// which one is meant; that is held in the analyzers' favour.
//
//	IST0101 host                      unknown-host; before it partly-qualified-host where the rest of a Service's name is missing
//	IST0101 host:port                 unknown-port
//	IST0101 host+subset               undefined-subset; the subset of an unknown host or port is told so, too
//	IST0101 mirror+subset             undefined-mirror-subset, likewise
//	IST0101 mirror host               none: whose mirror has no host or port has a warning of meshward only
//	IST0101 gateway                   none: unknown-gateway is not compared
//	IST0101 selector, credentialName  none: about pods and secrets
//	IST0106 total weight = 0          zero-weights
//	IST0109                           host-claimed-twice
//	IST0112                           ambiguous-port
//	IST0130, IST0131                  shadowed-route
//	IST0132                           gateway-host-mismatch, unless the Gateway is not there
//	IST0145                           gateway-server-conflict
//	IST0174                           partly-qualified-host, if that is what is wrong with the host
//
// Nothing stands for broken-delegate, duplicate-subset, gateway-protocol-mismatch,
// hidden-from-gateway, second-traffic-policy, several-catch-alls, unmerged-fragments and
// unreachable-destination-rule. Of the other codes none is about what the oracle
// compares: IST0118, IST0150 and IST0162 (ports and their names), IST0128, IST0129,
// IST0138 and IST0161 (certificates), IST0134 and IST0177 (ServiceEntries), IST0140 (a
// gateway's route without a subset), IST0110 and IST0111 (Sidecars), IST0173 (subsets
// without pods), and all that is about injection, telemetry, policies and EnvoyFilters.

// translated is the message as one about meshward's rules, and whether it stands for any.
func translated(w *world.World, m diag.Message) (Message, bool) {
	message := Message{
		Code:  m.Type.Code(),
		Level: m.Type.Level().String(),
		Text:  fmt.Sprintf(m.Type.Template(), m.Parameters...),
		At:    refOf(m),
		Sure:  true,
	}
	meaning, has := meanings[m.Type]
	if !has {
		return message, false
	}
	var parameters []string
	for _, p := range m.Parameters {
		parameters = append(parameters, fmt.Sprint(p))
	}
	message.Rules = meaning(w, &message, parameters)
	return message, len(message.Rules) > 0
}

// meanings give the rules that a message stands for, by its parameters, and note in the
// message what else there is to it.
var meanings = map[*diag.MessageType]func(w *world.World, m *Message, parameters []string) []string{
	msg.ReferencedResourceNotFound: func(w *world.World, m *Message, parameters []string) []string {
		m.Destination = true
		return missing(w, m.At, parameters[0], parameters[1])
	},
	msg.SchemaValidationError: func(_ *world.World, m *Message, _ []string) []string {
		return only(strings.Contains(m.Text, "total destination weight = 0"), rules.ZeroWeights)
	},
	msg.ConflictingMeshGatewayVirtualServiceHosts: func(_ *world.World, m *Message, parameters []string) []string {
		m.With = named("VirtualService", parameters[0])
		return only(true, rules.HostClaimedTwice)
	},
	msg.VirtualServiceDestinationPortSelectorRequired: func(w *world.World, m *Message, parameters []string) []string {
		m.Destination = true
		inferred := func(to *networking.Destination) bool { return to.GetHost() == parameters[0] && to.GetPort() == nil }
		return only(routes(w, m.At, inferred), rules.AmbiguousPort)
	},
	msg.VirtualServiceUnreachableRule: func(*world.World, *Message, []string) []string {
		return only(true, rules.ShadowedRoute)
	},
	msg.VirtualServiceIneffectiveMatch: func(*world.World, *Message, []string) []string {
		return only(true, rules.ShadowedRoute)
	},
	msg.VirtualServiceHostNotFoundInGateway: func(w *world.World, _ *Message, parameters []string) []string {
		return only(exists(w, named("Gateway", parameters[2])...), rules.GatewayHostMismatch)
	},
	msg.ConflictingGateways: func(_ *world.World, m *Message, parameters []string) []string {
		m.With = named("Gateway", parameters[0])
		return only(true, rules.GatewayServerConflict)
	},
	msg.UnknownDestinationRuleHost: func(w *world.World, _ *Message, parameters []string) []string {
		return only(cutShort(w, parameters[0]), rules.PartlyQualifiedHost)
	},
}

// only is one rule's name where a message stands for it.
func only(stands bool, r *rule.Rule) []string {
	if !stands {
		return nil
	}
	return []string{r.Name}
}

// missing are the rules about something that a VirtualService names and that is not there.
func missing(w *world.World, at world.Ref, what, name string) []string {
	host, number, _ := strings.Cut(name, ":")
	host, _, _ = strings.Cut(host, "+")
	unknown := []string{rules.UnknownHost.Name}
	if cutShort(w, host) {
		unknown = []string{rules.PartlyQualifiedHost.Name, rules.UnknownHost.Name}
	}
	switch what {
	case "host":
		return unknown
	case "host:port":
		if routes(w, at, func(to *networking.Destination) bool {
			return to.GetHost() == host && fmt.Sprint(to.GetPort().GetNumber()) == number
		}) {
			return []string{rules.UnknownPort.Name}
		}
	case "host+subset in destinationrule":
		return append([]string{rules.UndefinedSubset.Name, rules.UnknownPort.Name, rules.AmbiguousPort.Name}, unknown...)
	case "mirror+subset in destinationrule":
		return []string{rules.UndefinedMirrorSubset.Name}
	}
	return nil
}

// cutShort reports whether a host is the first part of a Service's full name.
func cutShort(w *world.World, host string) bool {
	return strings.Contains(host, ".") && slices.ContainsFunc(world.All[*corev1.Service](w), func(s *corev1.Service) bool {
		name := s.Name + "." + s.Namespace
		return host == name || host == name+".svc"
	})
}

// routes reports whether a VirtualService sends traffic, other than copies, to a
// destination.
func routes(w *world.World, at world.Ref, is func(*networking.Destination) bool) bool {
	for _, vs := range world.All[*networkingv1.VirtualService](w) {
		if world.RefOf(vs) == at && slices.ContainsFunc(destinations(&vs.Spec), is) {
			return true
		}
	}
	return false
}

func destinations(vs *networking.VirtualService) []*networking.Destination {
	var all []*networking.Destination
	for _, rule := range vs.GetHttp() {
		for _, to := range rule.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	for _, rule := range vs.GetTcp() {
		for _, to := range rule.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	for _, rule := range vs.GetTls() {
		for _, to := range rule.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	return all
}

// named reads a list of names: "prod/reviews,default/reviews".
func named(kind, list string) []world.Ref {
	var refs []world.Ref
	for name := range strings.SplitSeq(list, ",") {
		namespace, name, _ := strings.Cut(name, "/")
		refs = append(refs, world.Ref{Kind: kind, Namespace: namespace, Name: name})
	}
	return refs
}

// exists reports whether a world has all of some objects.
func exists(w *world.World, refs ...world.Ref) bool {
	return !slices.ContainsFunc(refs, func(ref world.Ref) bool {
		return !slices.ContainsFunc(w.Objects, func(o world.Object) bool { return world.RefOf(o) == ref })
	})
}
