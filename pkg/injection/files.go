package injection

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// rereadEvery is how often the files are looked at. A kubelet takes about a minute to
// bring a changed ConfigMap into a volume, so that being told of each change would gain
// nothing; and looking does not care how the kubelet swaps its links.
const rereadEvery = 5 * time.Second

// Files are the paths of files with settings; empty where there is none. Each has the
// value of one key, as a mounted ConfigMap has it, or the whole ConfigMap. A whole one for
// Config brings its values along, unless there is a file for these.
type Files struct{ Config, Values, Mesh string }

// Read returns what the files say. It fails where one cannot be read, or is an object that
// has no settings; all that is wrong is in the error, a line each.
func (f Files) Read() (Texts, error) {
	var texts Texts
	var problems []error
	if f.Config != "" {
		config, err := open(f.Config)
		if err == nil {
			texts.Config, err = config.value("config")
			texts.Values = config.besides("values")
		}
		problems = append(problems, err)
	}
	for _, file := range []struct {
		path, key string
		text      *[]byte
	}{{f.Values, "values", &texts.Values}, {f.Mesh, "mesh", &texts.Mesh}} {
		if file.path == "" {
			continue
		}
		var err error
		*file.text, err = Value(file.path, file.key)
		problems = append(problems, err)
	}
	return texts, errors.Join(problems...)
}

// files are settings from files, as they were last looked at.
type files struct {
	paths Files

	mu    sync.Mutex
	texts Texts
	err   error
}

func (f *files) any() bool { return f.paths != Files{} }

func (f *files) last() (Texts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.texts, f.err
}

func (f *files) keep(texts Texts, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts, f.err = texts, err
}

// reread looks at the files, and reports whether they changed. Files that are just being
// replaced are left for the next time: the first may be of the old settings, and the
// second of the new ones.
func (f *files) reread(ctx context.Context) bool {
	texts, err := f.paths.Read()
	if alike(texts, err)(f.last()) {
		return false
	}
	if !pause(ctx) || !alike(texts, err)(f.paths.Read()) {
		return false
	}
	f.keep(texts, err)
	return true
}

// alike returns whether two looks at the files had the same outcome.
func alike(texts Texts, err error) func(Texts, error) bool {
	return func(others Texts, other error) bool {
		return texts.equal(others) && fmt.Sprint(err) == fmt.Sprint(other)
	}
}
