package gen

// Words are the words that requests and the conditions on them are made of.
type Words struct {
	// Paths tell all paths apart that a condition of a world can tell apart.
	Paths []string
	// Methods are those that conditions name.
	Methods []string
	// Header is the one header that conditions name, and HeaderValues are values that
	// tell all conditions on it apart. A request may also be without it.
	Header       string
	HeaderValues []string
	// Query is the one parameter of the query that conditions name, with its values,
	// likewise. A request may also be without it.
	Query       string
	QueryValues []string
	// Authorities are names that conditions on the authority tell apart.
	Authorities []string
	// Ports are all that any Service, ServiceEntry or server of a Gateway has.
	Ports []uint32
	// Labels are the sets of labels by which clients are told apart.
	Labels []map[string]string
}

// Vocabulary is small enough for every request that it allows to be tried.
var Vocabulary = Words{
	// What conditions say of paths: exact and prefix "/", "/a", "/a/b" and "/b", the
	// prefix "", and the expressions of uriRegexes; with ignoreUriCase or without.
	Paths:        []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/b/c", "/c", "/A", "/B"},
	Methods:      []string{"GET", "POST"},
	Header:       "x",
	HeaderValues: []string{"1", "2", "10", "3"},
	Query:        "q",
	QueryValues:  []string{"1", "2"},
	Authorities:  []string{hostAPI, hostShop, hostWeb, "reviews"},
	Ports:        []uint32{53, 80, 443, 3306, 8000, 8080, 8443, 9000, 9080, 9090, 15443},
	Labels:       []map[string]string{{"app": "web"}, {"version": "v1"}},
}

// uriRegexes are all regular expressions that conditions on paths use.
var uriRegexes = []string{"/a.*", "/[ab]", "/a/.+", ".*"}

// clientLabels are labels that some clients have and others do not.
func (m *maker) clientLabels() map[string]string {
	return pick(m, map[string]string{"app": "web"}, map[string]string{"app": "web"}, map[string]string{"version": "v1"})
}
