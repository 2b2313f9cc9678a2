// SPDX-License-Identifier: Apache-2.0

package sdnotify_test

import (
	"net"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/sdnotify"
)

func TestSend(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	require.NoError(t, sdnotify.Send(sdnotify.Ready))
	names := []string{filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names = append(names, "@wifiprovd-test-"+filepath.Base(t.TempDir())) // an abstract one
	}
	for _, name := range names {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		require.NoError(t, err)
		defer l.Close()
		t.Setenv("NOTIFY_SOCKET", name)
		require.NoError(t, sdnotify.Send(sdnotify.Ready, sdnotify.Status("two\nlines")))
		b := make([]byte, 100)
		n, err := l.Read(b)
		require.NoError(t, err)
		require.Equal(t, "READY=1\nSTATUS=two lines", string(b[:n]))
	}
	t.Setenv("NOTIFY_SOCKET", "/nonexistent")
	require.Error(t, sdnotify.Send(sdnotify.Ready))
}
