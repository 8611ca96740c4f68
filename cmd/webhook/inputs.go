package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An input is a file that was read.
type input struct {
	name string
	text []byte
}

// readInputs reads files, all manifests in folders, and standard input for "-",
// in the order in which they are named and, in a folder, in that of the alphabet.
// The error holds a line for each that cannot be read.
func readInputs(stdin io.Reader, paths []string) ([]input, error) {
	var inputs []input
	var problems []error
	for _, path := range paths {
		if isStdin(path) {
			text, err := io.ReadAll(stdin)
			if err != nil {
				problems = append(problems, fmt.Errorf("standard input cannot be read: %w", err))
			}
			inputs = append(inputs, input{"<stdin>", text})
			continue
		}
		files, err := manifestsAt(path)
		problems = append(problems, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			problems = append(problems, err)
			inputs = append(inputs, input{filepath.Clean(file), text})
		}
	}
	return inputs, errors.Join(problems...)
}

// manifestsAt returns the file at a path, or all .yaml, .yml and .json files
// below a folder.
func manifestsAt(path string) ([]string, error) {
	info, err := os.Stat(path) // follows a link, which the walk would not
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	var problems []error
	err = filepath.WalkDir(path+string(filepath.Separator), func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			problems = append(problems, err)
			return nil
		}
		if isManifest(file) && !isFolder(file, entry) {
			files = append(files, file)
		}
		return nil
	})
	return files, errors.Join(append(problems, err)...)
}

func isManifest(file string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(file)))
}

// isFolder reports whether an entry is a folder or a link to one: those are not
// followed, or a loop of them would never end.
func isFolder(file string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir()
	}
	info, err := os.Stat(file)
	return err == nil && info.IsDir()
}
