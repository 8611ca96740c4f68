package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// assetsVariable names a folder of programs to prefer, as it does for everything
// built on controller-runtime's envtest, and assets are what such a folder has.
const assetsVariable = "KUBEBUILDER_ASSETS"

var assets = []string{"etcd", "kube-apiserver", "kubectl"}

// programOfEachRole maps the roles to the user's program where there is one, else
// to ours. It returns an error if the variable names no folder.
func programOfEachRole(ours string) (map[string]string, error) {
	programs := map[string]string{}
	for _, role := range roles {
		programs[role] = ours
	}
	folder := os.Getenv(assetsVariable)
	if folder == "" {
		return programs, nil
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fmt.Errorf("%s names %s; unset it, or name a folder that has programs: %w", assetsVariable, folder, err)
	}
	for _, role := range assets {
		program := filepath.Join(folder, role)
		if exists(program) {
			programs[role] = program
		}
	}
	return programs, nil
}
