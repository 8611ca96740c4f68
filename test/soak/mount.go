package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// mostLag bounds how late a changed Secret comes to a folder, other than by the next look.
// A kubelet may take a minute and more; that long a soak cannot wait each time.
const mostLag = 5 * time.Second

// kubelet mounts Secrets into folders and keeps them up to date, each at its own time, in
// the way of a kubelet: all files of a folder change at once, by one link that is renamed.
type kubelet struct {
	client    kubernetes.Interface
	namespace string
	secret    string
	log       func(format string, args ...any)
}

// mount returns when the folder holds the Secret. It is kept up to date until unmount is
// called.
func (k *kubelet) mount(ctx context.Context, dir string) (unmount func(), err error) {
	volume := &volume{dir: dir}
	err = await(ctx, "the Secret "+k.secret, readyWithin, func(ctx context.Context) error {
		data, err := k.read(ctx)
		if err != nil {
			return err
		}
		return volume.write(data)
	})
	if err != nil {
		return nil, err
	}
	ctx, unmount = context.WithCancel(context.WithoutCancel(ctx))
	go k.refresh(ctx, volume)
	return unmount, nil
}

func (k *kubelet) read(ctx context.Context) (map[string][]byte, error) {
	secret, err := k.client.CoreV1().Secrets(k.namespace).Get(ctx, k.secret, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return secret.Data, nil
}

func (k *kubelet) refresh(ctx context.Context, v *volume) {
	for {
		wait := time.NewTimer(time.Second/2 + rand.N(mostLag)) //nolint:gosec // not a secret
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		data, err := k.read(ctx)
		if err != nil {
			continue // gone, which leaves what is mounted, or the API server restarts
		}
		if err := v.write(data); err != nil {
			k.log("mount of %s: %v", v.dir, err)
		}
	}
}

// volume is a folder that holds a Secret.
type volume struct {
	dir  string
	data map[string][]byte
	made int
}

// The names by which a kubelet keeps a folder whole.
const (
	dataLink = "..data"
	nextLink = "..data_tmp"
)

// write puts other data into the folder.
func (v *volume) write(data map[string][]byte) error {
	if maps.EqualFunc(v.data, data, bytes.Equal) {
		return nil
	}
	v.made++
	next := fmt.Sprintf("..%d", v.made)
	before, err := os.Readlink(filepath.Join(v.dir, dataLink))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := v.fill(next, data); err != nil {
		return err
	}
	if err := os.Symlink(next, filepath.Join(v.dir, nextLink)); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(v.dir, nextLink), filepath.Join(v.dir, dataLink)); err != nil {
		return err
	}
	v.data = data
	if before == "" {
		return nil
	}
	return os.RemoveAll(filepath.Join(v.dir, before))
}

// fill writes the files into a folder that nobody sees yet, and their names into the one
// that everybody does.
func (v *volume) fill(next string, data map[string][]byte) error {
	if err := os.MkdirAll(filepath.Join(v.dir, next), 0o700); err != nil {
		return err
	}
	for name, content := range data {
		if err := os.WriteFile(filepath.Join(v.dir, next, name), content, 0o600); err != nil {
			return err
		}
		err := os.Symlink(filepath.Join(dataLink, name), filepath.Join(v.dir, name))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
