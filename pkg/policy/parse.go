package policy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Default is the configuration where there is no file. Known are the names of
// all rules.
func Default(known []string) *Config {
	c := &Config{APIVersion: APIVersion, Kind: Kind, known: slices.Clone(known)}
	c.fill()
	return c
}

// Load reads a configuration file. Its error names the file and says all that is
// wrong with it. Known are the names of all rules.
func Load(path string, known []string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	c, err := Parse(text, known)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads a configuration. A field that it does not know is an error, for a
// misspelt one would be a decision that nobody made. Known are the names of all
// rules.
func Parse(text []byte, known []string) (*Config, error) {
	document, err := only(text)
	if err != nil {
		return nil, err
	}
	raw, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, fmt.Errorf("not a configuration: %w", err)
	}
	c := &Config{known: slices.Clone(known)}
	strict, err := json.UnmarshalStrict(raw, c)
	if err != nil {
		return nil, fmt.Errorf("not a configuration: %w", err)
	}
	if c.APIVersion != APIVersion || c.Kind != Kind {
		// Of another version every field may be unknown, and none of that would help.
		return nil, fmt.Errorf("apiVersion is %q and kind is %q; they must be %q and %q", c.APIVersion, c.Kind, APIVersion, Kind)
	}
	c.fill()
	problems := strict
	for _, err := range c.check() {
		problems = append(problems, err)
	}
	return c, listed(problems)
}

// only returns the one document of a YAML text: of several, all but the first
// would be ignored without a word.
func only(text []byte) ([]byte, error) {
	var found []byte
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not a configuration: %w", err)
		}
		if isBlank(document) {
			continue
		}
		if found != nil {
			return nil, errors.New("several documents; a configuration is one")
		}
		found = document
	}
}

func isBlank(document []byte) bool {
	for line := range strings.Lines(string(document)) {
		if line = strings.TrimSpace(line); line != "" && line != "---" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// listed puts several problems below one another.
func listed(problems []error) error {
	if len(problems) <= 1 {
		return errors.Join(problems...)
	}
	texts := []string{fmt.Sprintf("%d problems", len(problems))}
	for _, problem := range problems {
		texts = append(texts, problem.Error())
	}
	return errors.New(strings.Join(texts, "\n  "))
}

// fill puts defaults where the file says nothing.
func (c *Config) fill() {
	if c.Mesh.Revisions == nil {
		c.Mesh.Revisions = []string{"default"}
	}
	if c.BreakGlass.Rules == nil {
		c.BreakGlass.Rules = []string{all}
	}
	if c.Deadline.ReservePercent == 0 {
		c.Deadline.ReservePercent = defaultReserve
	}
	if c.Deadline.Answer == "" {
		c.Deadline.Answer = AnswerAllow
	}
}
