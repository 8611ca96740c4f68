package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// figures are what benchmarks said: by name, by unit, once for each run.
type figures map[string]map[string][]float64

// measure runs suites and gathers their figures. It fails where one of them does.
func measure(suites []*suite, count int) (figures, error) {
	measured := figures{}
	for _, s := range suites {
		fmt.Fprintf(os.Stderr, "measuring %s %s, %d times\n", s.pkg, s.bench, count)
		out, err := s.run(count)
		if err != nil {
			return nil, err
		}
		if err := measured.read(out); err != nil {
			return nil, err
		}
	}
	return measured, nil
}

func (s *suite) run(count int) ([]byte, error) {
	command := exec.Command("go", "test", "-run", "^$", "-bench", s.bench, "-benchmem", "-benchtime", s.time, "-count", fmt.Sprint(count), s.pkg)
	command.Dir = filepath.Join(root(), s.module)
	var out bytes.Buffer
	command.Stdout = io.MultiWriter(&out, os.Stderr) // as benchstat reads it
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s in %s: %w", strings.Join(command.Args, " "), command.Dir, err)
	}
	return out.Bytes(), nil
}

// root is the folder of the repository.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// read takes in what go test printed.
func (f figures) read(out []byte) error {
	reader := benchfmt.NewReader(bytes.NewReader(out), "go test")
	for reader.Scan() {
		result, is := reader.Result().(*benchfmt.Result)
		if !is {
			continue
		}
		name := withoutProcessors(string(result.Name))
		if f[name] == nil {
			f[name] = map[string][]float64{}
		}
		for _, value := range result.Values {
			f[name][value.Unit] = append(f[name][value.Unit], value.Value)
		}
	}
	return reader.Err()
}

// withoutProcessors is the name of a benchmark without what says how many processors it had.
func withoutProcessors(name string) string {
	if at := strings.LastIndexByte(name, '-'); at >= 0 && strings.Trim(name[at+1:], "0123456789") == "" {
		return name[:at]
	}
	return name
}

// least is the figure of a benchmark in a unit: the smallest of its runs, as what else a
// machine does only adds to it. It fails where there is none, as after a benchmark was
// renamed.
func (f figures) least(name, unit string) (float64, error) {
	all := f[name][unit]
	if len(all) == 0 {
		return 0, fmt.Errorf("benchmark %s says nothing in %s", name, unit)
	}
	return slices.Min(all), nil
}
