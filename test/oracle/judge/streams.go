package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// streams are the destinations of all TCP and TLS rules, and what istiod makes of the
// world in which each of them has a mark. istiod does not say which rule it made a filter
// chain from, and to gateways not even which VirtualService; the marks do.
type streams struct {
	sent   []istiod.Sent
	marked *istiod.Output
}

// firstMark begins the subset by which a destination is marked; its number follows.
const firstMark = "mark-"

// streams marks the destinations of the case, once.
func (c *Case) streams() *streams {
	if c.marks != nil {
		return c.marks
	}
	c.marks = &streams{}
	w := c.World
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		w = withRoute(w, world.RefOf(vs), func(spec *networking.VirtualService) {
			for rule, route := range streamRules(spec) {
				full := streamRules(istiod.Resolved(vs))[rule]
				for i, to := range route {
					c.marks.sent = append(c.marks.sent, istiod.Sent{
						At: world.RefOf(vs), Place: fmt.Sprintf("%s.route[%d]", rule, i), To: full[i].GetDestination(),
					})
					to.GetDestination().Subset = firstMark + strconv.Itoa(len(c.marks.sent)-1)
				}
			}
		})
	}
	if len(c.marks.sent) > 0 {
		c.marks.marked = c.Instead(w)
	}
	return c.marks
}

// sentOn are the destinations that the filter chains of a proxy hand connections on to.
func (c *Case) sentOn(p *istiod.Proxy) []istiod.Sent {
	streams := c.streams()
	if streams.marked == nil {
		return nil
	}
	var all []istiod.Sent
	for _, chain := range streams.marked.Proxies[slices.Index(c.Proxies, p)].Chains() {
		for _, cluster := range chain.Clusters {
			_, _, mark, _ := split(cluster)
			number, is := strings.CutPrefix(mark, firstMark)
			if !is {
				continue
			}
			at, err := strconv.Atoi(number)
			if err != nil {
				panic(err) // nobody else writes such a subset
			}
			sent := streams.sent[at]
			sent.Cluster = strings.Replace(cluster, mark, sent.To.GetSubset(), 1)
			all = append(all, sent)
		}
	}
	return all
}
