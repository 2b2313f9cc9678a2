// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

// Package wasm runs the self-test of examples/boards as WebAssembly. It is a module
// of its own for the sake of the WebAssembly runtime that it requires.
package wasm

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// WebAssembly stands in for a strange platform: 32 bits, one thread, and a clock
// and random numbers that are not there. (Where it would be interpreted it takes
// minutes, and is left out.)
func TestWASM(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "selftest.wasm")
	build := exec.Command("go", "build", "-o", binary, "./examples/boards/selftest")
	build.Dir = "../../.."
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	code, err := os.ReadFile(binary)
	require.NoError(t, err)

	ctx := t.Context()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(1024)) // 64 MiB
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var said bytes.Buffer
	_, err = r.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithStdout(&said).WithStderr(&said))
	var exit *sys.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 0 {
		err = nil
	}
	require.NoError(t, err, "%s", said.String())
	require.Contains(t, said.String(), "\nPASS\n")
	require.NotContains(t, said.String(), "FAIL")
}
