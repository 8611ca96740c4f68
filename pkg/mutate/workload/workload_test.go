package workload_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/mutate/workload"
)

var update = flag.Bool("update", false, "rewrite the wanted part of every case in testdata")

// inject stands in for an injector: it shows what it was told, and a pod can ask
// it by annotation not to, or to fail.
func inject(pod *corev1.Pod, of mutate.Workload) (*corev1.Pod, []string, error) {
	if why := pod.Annotations["fail"]; why != "" {
		return nil, nil, errors.New(why)
	}
	if pod.Annotations["sidecar"] == "no" {
		return nil, []string{"opted-out: the pod asks for no sidecar"}, nil
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations["told"] = fmt.Sprintf("%s %s %q/%q, pod in %q", of.APIVersion, of.Kind, of.Namespace, of.Name, pod.Namespace)
	pod.Spec.Containers = append([]corev1.Container{{Name: "sidecar"}}, pod.Spec.Containers...)
	if pod.Spec.ServiceAccountName == "" {
		return pod, []string{"no-account: the pod has no\nservice account"}, nil
	}
	return pod, nil, nil
}

// TestCases runs the archives of testdata: the comment says what a case is about,
// input is the stream, want.yaml what comes out of it, and want the outcomes and
// the error.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: archive.Comment, Files: slices.Clone(archive.Files[:1])}
			got.Files = append(got.Files, outcome(archive.Files[0])...)
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func outcome(input txtar.File) []txtar.File {
	out, outcomes, err := workload.Into(input.Name, input.Data, inject)
	var want []byte
	for _, o := range outcomes {
		want = fmt.Appendln(want, o)
	}
	if err != nil {
		want = fmt.Appendf(want, "error: %v\n", err)
	}
	files := []txtar.File{{Name: "want", Data: want}}
	if out != nil {
		files = append(files, txtar.File{Name: "want.yaml", Data: out})
	}
	return files
}

// TestBytes holds documents that are not injected to the very bytes that they came
// in as, where an archive of text cannot show them.
func TestBytes(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":                {"", ""},
		"no end of line":         {"a: b", "a: b\n---\n"},
		"trailing blanks":        {"a: b  \n  \n\n---\nc: d\n \n", "a: b  \n  \n\n---\nc: d\n \n---\n"},
		"lines of Windows":       {"a: b\r\n---\r\nc: d\r\n", "a: b\r\n---\r\nc: d\r\n---\n"},
		"byte order mark":        {"\ufeff# x\na: b\n", "\ufeff# x\na: b\n---\n"},
		"ends with dashes":       {"---\na: b\n---", "---\na: b\n---\n"},
		"empty documents":        {"---\n---\n---\n# c\n---\n", "---\n---\n---\n# c\n---\n"},
		"comments behind dashes": {"--- # one\na: b\n--- # two\nc: d\n", "--- # one\na: b\n--- # two\nc: d\n---\n"},
		"content behind dashes":  {"a: b\n--- {c: d}\n--- [e]\n", "a: b\n--- {c: d}\n--- [e]\n---\n"},
		"dots":                   {"a: b\n...\n# c\nd: e\n", "a: b\n...\n# c\n---\nd: e\n---\n"},
		"directive":              {"%YAML 1.1\n---\na: b\n...\n%YAML 1.1\n---\nc: d\n", "%YAML 1.1\n---\na: b\n...\n%YAML 1.1\n---\nc: d\n---\n"},
		"stream of JSON":         {"{\"a\":1} {\"b\":2}\n\n{\"c\":3}", "{\"a\":1}\n---\n {\"b\":2}\n---\n\n{\"c\":3}\n---\n"},
		"lists and scalars":      {"- a\n---\ntext\n---\n1\n", "- a\n---\ntext\n---\n1\n---\n"},
		"kind of no text":        {"apiVersion: v1\nkind: {a: b}\n", "apiVersion: v1\nkind: {a: b}\n---\n"},
		"a kind that is theirs":  {"apiVersion: example.com/v1\nkind: Deployment\n", "apiVersion: example.com/v1\nkind: Deployment\n---\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, outcomes, err := workload.Into("-", []byte(test.in), inject)
			if err != nil || len(outcomes) > 0 {
				t.Fatalf("%v, error %v", outcomes, err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNotUTF8 tells of the line, since what is no text can be cut in no way.
func TestNotUTF8(t *testing.T) {
	for in, want := range map[string]string{
		"\xff\xfea\x00":      "x:1: not UTF-8",
		"a: b\n---\nc: \xcf": "x:3: not UTF-8",
	} {
		if out, _, err := workload.Into("x", []byte(in), inject); err == nil || err.Error() != want || out != nil {
			t.Errorf("%q: %q, error %v", in, out, err)
		}
	}
}

// FuzzInto injects into anything at all: a stream in which nothing is injected
// comes out unchanged but for what stands between documents, and what comes out
// can be read again.
func FuzzInto(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Add([]byte("a: b\n--- {kind: Pod, apiVersion: v1}\n...\n%YAML 1.1\n---\n"))
	f.Add([]byte("{\"kind\": \"Pod\"}\r\n {\"apiVersion\": \"v1\"}"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		never := func(*corev1.Pod, mutate.Workload) (*corev1.Pod, []string, error) { return nil, nil, nil }
		out, _, err := workload.Into("x", in, never)
		if err == nil && !bytes.Equal(bare(in), bare(out)) {
			t.Errorf("nothing was injected, and %q became %q", in, out)
		}
		out, outcomes, err := workload.Into("x", in, inject)
		if err != nil {
			if out != nil {
				t.Errorf("half a stream came out beside error %v", err)
			}
			return
		}
		lines := bytes.Count(in, []byte("\n")) + 1
		for _, o := range outcomes {
			if o.Line < 1 || o.Line > lines || strings.Contains(o.String(), "\n") {
				t.Errorf("outcome %q of %d lines", o, lines)
			}
		}
		again, _, err := workload.Into("x", out, never)
		if err != nil {
			t.Fatalf("%q became %q, which cannot be read: %v", in, out, err)
		}
		if !bytes.Equal(out, again) {
			t.Errorf("%q became %q and then %q", in, out, again)
		}
	})
}

// bare is a stream without its markers and ends of lines.
func bare(stream []byte) []byte {
	for _, marker := range []string{"---", "...", "\n"} {
		stream = bytes.ReplaceAll(stream, []byte(marker), nil)
	}
	return stream
}
