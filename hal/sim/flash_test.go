// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

func config(t *testing.T, b *sim.Board) hal.StationConfig {
	t.Helper()
	cfg, err := b.StationConfig()
	require.NoError(t, err)
	return cfg
}

// TestBoardBootsADevicesImage: the flash of a provisioned device makes a
// provisioned board.
func TestBoardBootsADevicesImage(t *testing.T) {
	for name, ssid := range map[string]bool{"dev_wifi_provisioned": true, "dev_wifi_new": true, "gen_wifi_sta": true, "dev_wifi_virgin": false} {
		image, err := os.ReadFile(spectest.Path(t, "nvs-images", name+".bin"))
		require.NoError(t, err)
		b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{Flash: flash.FromBytes(image)})
		require.NoError(t, err)
		require.Equal(t, ssid, config(t, b).SSID != "", name)
		b.Close()
	}
}

// TestBoardLeavesADevicesImage: what a board was given is in its partition
// under the driver's keys, which is sound at any moment.
func TestBoardLeavesADevicesImage(t *testing.T) {
	for _, keys := range []*nvs.Keys{nil, {Data: [32]byte{1}, Tweak: [32]byte{2}}} {
		f := flash.NewCounter(flash.NewSparse(sim.DefaultFlash))
		b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{Flash: f, Keys: keys})
		require.NoError(t, err)
		require.NoError(t, b.SetStationConfig(homeSTA))
		require.NoError(t, b.Reboot())
		require.Equal(t, homeSTA, config(t, b))
		b.Close()
		require.ErrorIs(t, b.SetStationConfig(homeSTA), sim.ErrClosed)

		f.Reset()
		p, err := nvs.Open(f, nvs.Options{Keys: keys})
		require.NoError(t, err)
		require.Zero(t, f.Counts().Writes+f.Counts().Erases, "nothing to repair")
		ssid, err := store.Blob(p, wifistore.Namespace, "sta.ssid")
		require.NoError(t, err)
		require.Equal(t, append([]byte{byte(len(homeSTA.SSID)), 0, 0, 0}, homeSTA.SSID...), ssid[:4+len(homeSTA.SSID)])
	}
}

// TestBoardCompletesASave: a cut in the middle of a save is finished at the
// next boot.
func TestBoardCompletesASave(t *testing.T) {
	r := flash.NewRecorder(flash.NewMemory(sim.DefaultFlash))
	b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{Flash: r})
	require.NoError(t, err)
	require.NoError(t, b.SetStationConfig(hal.StationConfig{SSID: "first", Passphrase: "first pass"}))
	done := len(r.Ops())
	require.NoError(t, b.SetStationConfig(homeSTA))
	b.Close()
	replay := flash.NewReplay(flash.NewMemory(sim.DefaultFlash).Bytes(), r.Ops())
	olds, news := 0, 0
	for n := done; n <= replay.Len(); n++ {
		f := flash.FromBytes(bytes.Clone(replay.At(n, flash.Part{}).Bytes()))
		b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{Flash: f})
		require.NoError(t, err)
		if got := config(t, b); got == homeSTA {
			news++
		} else {
			olds++
			require.EqualValues(t, "first", got.SSID)
			require.EqualValues(t, "first pass", got.Passphrase)
		}
		b.Close()
		p, err := nvs.Open(f, nvs.Options{})
		require.NoError(t, err)
		for e := range p.Entries("wifiprov") {
			t.Errorf("operation %d: %s is left for the next boot", n, e.Key)
		}
	}
	require.NotZero(t, olds)
	require.Greater(t, news, olds, "the new configuration counts as soon as it is written once")
}

// TestBoardWithUnreadableFlash boots without a configuration and says why.
func TestBoardWithUnreadableFlash(t *testing.T) {
	keys := &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
	mem := flash.NewMemory(sim.DefaultFlash)
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{Flash: mem, Keys: keys})
	require.NoError(t, err)
	require.NoError(t, b.SetStationConfig(homeSTA))
	b.Close()
	before := bytes.Clone(mem.Bytes())
	_, err = air.NewBoard(sim.BoardConfig{Flash: mem})
	require.ErrorIs(t, err, nvs.WrongEncryption)
	require.Equal(t, before, mem.Bytes())

	faulty := flash.NewFaulty(mem)
	b, err = air.NewBoard(sim.BoardConfig{Flash: faulty, Keys: keys})
	require.NoError(t, err)
	faulty.Inject(flash.Fault{Calls: flash.Reads, Forever: true})
	require.ErrorIs(t, b.Reboot(), flash.ErrInjected)
	_, err = b.StationConfig()
	require.ErrorIs(t, err, flash.ErrInjected)
	require.ErrorIs(t, b.SetStationConfig(homeSTA), flash.ErrInjected)
	require.ErrorIs(t, b.Restore(), flash.ErrInjected)
	faulty.Clear()
	require.NoError(t, b.Reboot())
	require.Equal(t, homeSTA, config(t, b))
	b.Close()
}
