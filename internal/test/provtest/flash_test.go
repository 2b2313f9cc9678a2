// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// A power cut at any operation of a flash with an NVS partition, before, after
// or inside of it, leaves the old credentials or the new ones, and a run without
// a cut those that led to an address. The partition is empty, or so full of
// replaced values that a page is moved and erased meanwhile.
func TestVerifyUnderFlashCuts(t *testing.T) {
	cuts, erases := 0, 0
	for _, p := range plots {
		for used := 0; used <= 120; used += 24 {
			t.Run(fmt.Sprintf("%s/%d", p.name, used), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mem := flash.NewMemory(3 * nvs.SectorSize)
					wear(t, mem, used)
					rec := flash.NewRecorder(mem)
					var base []byte
					q := p
					q.act = func(apply func(sta), m *wifiprov.Manager) {
						rec.Reset()
						base = bytes.Clone(mem.Bytes())
						p.act(apply, m)
					}
					run(t, q, medium{func() store.Store { return openNVS(t, rec) }}, nil)
					replay := flash.NewReplay(base, rec.Ops())
					for n := range replay.Len() {
						if replay.Op(n).IsErase() {
							erases++
						}
						for _, part := range append(flash.Points(nil, replay.Op(n)), flash.Part{}) {
							cuts++
							require.Contains(t, []sta{p.from, p.to}, found(t, replay.At(n, part)), "operation %d, bytes %v", n, part)
						}
					}
					require.Equal(t, p.to, found(t, replay.At(replay.Len(), flash.Part{})))
					if p.from == p.to {
						require.Zero(t, replay.Len(), "a failed attempt touched flash")
					}
				})
			})
		}
	}
	t.Logf("%d cuts, %d erases", cuts, erases)
	require.Greater(t, cuts, 1000)
	require.NotZero(t, erases, "no page was moved")
}

// wear writes a value again and again.
func wear(t *testing.T, f nvs.Flash, times int) {
	t.Helper()
	p := openNVS(t, f)
	for i := range times {
		require.NoError(t, p.Set("app", "count", store.TypeBlob, fmt.Appendf(nil, "%032d", i)))
	}
	require.NoError(t, p.Close())
}

// found boots from an image.
func found(t *testing.T, f nvs.Flash) sta {
	t.Helper()
	cfg, err := wifistore.Load(openNVS(t, f))
	require.NoError(t, err)
	return sta{cfg.SSID, cfg.Passphrase}
}
