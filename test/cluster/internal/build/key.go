package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"runtime"
)

// layout changes with what a folder of programs holds.
const layout = 1

// Key names what a source is built to. Sources with one key are built to
// programs that can stand in for each other: it covers every file, the Go
// release and the platform.
//
// It returns an error if the source cannot be read.
func Key(source fs.FS) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, layout, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	err := eachFile(source, func(name string, text []byte) error {
		fmt.Fprintf(hash, "%q %d\n", name, len(text))
		hash.Write(text)
		return nil
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// eachFile visits the files of a source in the order of their names.
func eachFile(source fs.FS, visit func(name string, text []byte) error) error {
	return fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		return visit(name, text)
	})
}
