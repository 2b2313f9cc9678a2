// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/control"
	"github.com/wifiprov/wifiprov/internal/test/leak"
)

// A request reaches the daemon and its answer the client; the socket is for its user
// alone and is gone at the end.
func TestAsk(t *testing.T) {
	before := runtime.NumGoroutine()
	path := filepath.Join(t.TempDir(), "socket")
	require.NoError(t, os.WriteFile(path, nil, 0o644), "as a dead daemon leaves it")
	s, err := control.Listen(path, func(do string) (*control.Status, error) {
		if do == "bad" {
			return nil, errors.New("it cannot be done")
		}
		return &control.Status{State: do, Closes: time.Unix(1, 0).UTC()}, nil
	})
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	status, err := control.Ask(t.Context(), path, control.AskStatus)
	require.NoError(t, err)
	require.Equal(t, &control.Status{State: "status", Closes: time.Unix(1, 0).UTC()}, status)
	_, err = control.Ask(t.Context(), path, "bad")
	require.EqualError(t, err, "it cannot be done")

	for range 20 { // clients that say nothing, or nonsense
		conn, err := net.Dial("unix", path)
		require.NoError(t, err)
		_, _ = conn.Write([]byte("nonsense\n"))
		defer conn.Close()
	}
	silent, err := net.Dial("unix", path)
	require.NoError(t, err)
	defer silent.Close()
	_, err = control.Ask(t.Context(), path, control.AskStatus)
	require.NoError(t, err)

	require.NoError(t, s.Close())
	_, err = os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	leak.Goroutines(t, before)
}

// Errors say what to do.
func TestErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	_, err := control.Ask(t.Context(), path, control.AskStatus)
	var absent *control.NotRunning
	require.ErrorAs(t, err, &absent)
	require.ErrorContains(t, err, "systemctl start wifiprovd")
	_, err = control.Listen(filepath.Join(path, "socket"), nil)
	require.ErrorContains(t, err, "no socket can be made there")

	block := make(chan struct{})
	s, err := control.Listen(path, func(string) (*control.Status, error) { <-block; return nil, nil })
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = control.Ask(ctx, path, control.AskStatus)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(block)
	require.NoError(t, s.Close())
}
