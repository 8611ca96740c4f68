package main

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// sample is a line of a page of metrics.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

var label = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)

// readSamples reads the lines of the metrics whose names begin so, in the text format of
// Prometheus without timestamps. No label that is looked for has an escape in it.
func readSamples(text []byte, prefix string) ([]sample, error) {
	var samples []sample
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, prefix) {
			continue
		}
		series, figure := line[:strings.LastIndexByte(line, ' ')], line[strings.LastIndexByte(line, ' ')+1:]
		value, err := strconv.ParseFloat(figure, 64)
		if err != nil {
			return nil, fmt.Errorf("metric %q: %w", line, err)
		}
		name, labels, _ := strings.Cut(series, "{")
		read := sample{name: name, labels: map[string]string{}, value: value}
		for _, pair := range label.FindAllStringSubmatch(labels, -1) {
			read.labels[pair[1]] = pair[2]
		}
		samples = append(samples, read)
	}
	return samples, lines.Err()
}
