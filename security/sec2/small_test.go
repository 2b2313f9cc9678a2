// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Handshakes of a small Security run at the same time.
func TestSmall(t *testing.T) {
	sec, err := New(Config{Salt: theSalt(), Verifier: theVerifier(), Small: true})
	require.NoError(t, err)
	var handshakes sync.WaitGroup
	for range 4 {
		handshakes.Go(func() {
			s, c := sessionOf(t, sec), newClient(t)
			establish(t, s, c)
			sealed, err := c.Encrypt(nil, []byte("ping"))
			require.NoError(t, err)
			plain, err := s.Decrypt(sealed)
			require.NoError(t, err)
			require.Equal(t, "ping", string(plain))
		})
	}
	handshakes.Wait()
	s, stranger := sessionOf(t, sec), clientWith(t, user, "wrong", 1)
	cmd0, _, err := stranger.Step(nil)
	require.NoError(t, err)
	resp0, err := s.Handshake(nil, cmd0)
	require.NoError(t, err)
	cmd1, _, err := stranger.Step(resp0)
	require.NoError(t, err)
	_, err = s.Handshake(nil, cmd1)
	require.Error(t, err)
}

// TestSmallIsSmall bounds what a small Security holds, before and after a handshake.
func TestSmallIsSmall(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	establish(t, newSession(t), newClient(t)) // the tables that all share exist
	kept := make([]*Security, 64)
	before := heap()
	for i := range kept {
		var err error
		kept[i], err = New(Config{Salt: theSalt(), Verifier: theVerifier(), Small: true})
		require.NoError(t, err)
	}
	establish(t, sessionOf(t, kept[0]), newClient(t))
	require.Less(t, int64(heap()-before)/int64(len(kept)), int64(2<<10))
	runtime.KeepAlive(kept)
}
