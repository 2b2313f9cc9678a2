// SPDX-License-Identifier: Apache-2.0

package wifistore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// bases are partitions of 12 KiB, so that page changes come often: blank, and
// those of the specification that hold a configuration.
func bases(t *testing.T) map[string][]byte {
	t.Helper()
	blank := flash.NewMemory(3 * nvs.SectorSize).Bytes()
	all := map[string][]byte{"blank": blank}
	// A page nearly full of what is dead, so that Save changes pages.
	f := flash.FromBytes(bytes.Clone(blank))
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	for i := range 15 {
		require.NoError(t, wifistore.Save(p, hal.StationConfig{SSID: "fill", Passphrase: hal.Secret("fill" + string(rune('a'+i)))}))
	}
	require.NoError(t, p.Close())
	all["used"] = f.Bytes()
	return all
}

// TestEveryCutIsWhole cuts the power at each flash operation of saves one
// after the other, and inside it, and each recovery from that: what is loaded
// is the configuration before or after, whole. The short form takes every fifth
// place inside an operation.
func TestEveryCutIsWhole(t *testing.T) {
	saves := []hal.StationConfig{
		oldConfig, newConfig,
		{SSID: "new", Passphrase: "changed only", ScanMethod: hal.ScanAllChannel},
		{SSID: "other name", Passphrase: "changed only", ScanMethod: hal.ScanAllChannel},
		{}, // forgotten
		oldConfig,
		{SSID: "key", Passphrase: "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF"},
		{SSID: "open"},
		newConfig,
	}
	cuts, stride := 0, long.Stride(t, 5, 1)
	for name, base := range bases(t) {
		t.Run(name, func(t *testing.T) {
			before := load(t, flash.FromBytes(bytes.Clone(base)))
			image := base
			for _, after := range saves {
				r := flash.NewRecorder(flash.FromBytes(bytes.Clone(image)))
				p, err := nvs.Open(r, nvs.Options{})
				require.NoError(t, err)
				require.NoError(t, wifistore.Save(p, after))
				require.NoError(t, p.Close())
				replay := flash.NewReplay(image, r.Ops())
				for n := range replay.Len() {
					parts, points := []flash.Part{{}}, flash.Points(nil, replay.Op(n))
					for at := n % stride; at < len(points); at += stride {
						parts = append(parts, points[at])
					}
					for _, part := range parts {
						cuts++
						f := flash.FromBytes(bytes.Clone(replay.At(n, part).Bytes()))
						got := load(t, f)
						require.Contains(t, []hal.StationConfig{before, after}, got, "operation %d, bytes %v", n, part)
						recoverAtEveryCut(t, f.Bytes(), got, &cuts)
					}
				}
				image = bytes.Clone(replay.At(replay.Len(), flash.Part{}).Bytes())
				require.Equal(t, after, load(t, flash.FromBytes(bytes.Clone(image))))
				before = after
			}
		})
	}
	t.Logf("%d cuts", cuts)
}

// recoverAtEveryCut cuts Recover, after which the driver's own keys say the
// same as the journal did.
func recoverAtEveryCut(t *testing.T, image []byte, want hal.StationConfig, cuts *int) {
	t.Helper()
	r := flash.NewRecorder(flash.FromBytes(bytes.Clone(image)))
	p, err := nvs.Open(r, nvs.Options{})
	require.NoError(t, err)
	require.NoError(t, wifistore.Recover(p))
	require.NoError(t, p.Close())
	replay := flash.NewReplay(image, r.Ops())
	for n := range replay.Len() + 1 {
		*cuts++
		require.Equal(t, want, load(t, replay.At(n, flash.Part{})), "recovery, operation %d", n)
	}
	// What ESP-IDF's driver finds.
	p, err = nvs.Open(replay.At(replay.Len(), flash.Part{}), nvs.Options{})
	require.NoError(t, err)
	for e, err := range p.Entries("wifiprov") {
		require.NoError(t, err)
		t.Errorf("left: %v", e)
	}
}

func load(t *testing.T, f nvs.Flash) hal.StationConfig {
	t.Helper()
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	cfg, err := wifistore.Load(p)
	require.NoError(t, err)
	return cfg
}

// TestDriverNeverFindsAMixture looks at each cut with the eyes of ESP-IDF's
// driver, which does not know the journal.
func TestDriverNeverFindsAMixture(t *testing.T) {
	r := flash.NewRecorder(flash.NewMemory(3 * nvs.SectorSize))
	p, err := nvs.Open(r, nvs.Options{})
	require.NoError(t, err)
	require.NoError(t, wifistore.Save(p, oldConfig))
	require.NoError(t, p.Close())
	first := len(r.Ops())
	require.NoError(t, wifistore.Save(reopen(t, r), newConfig))
	replay := flash.NewReplay(flash.NewMemory(3*nvs.SectorSize).Bytes(), r.Ops())
	none := 0
	for n := first; n < replay.Len(); n++ {
		p := reopen(t, replay.At(n, flash.Part{}))
		if err := p.EraseAll("wifiprov"); err != nil {
			require.NoError(t, err)
		}
		got, err := wifistore.Load(p)
		require.NoError(t, err)
		switch got.SSID {
		case "":
			none++
		case oldConfig.SSID:
			require.Equal(t, oldConfig.Passphrase, got.Passphrase)
		case newConfig.SSID:
			require.Equal(t, newConfig, got)
		}
	}
	require.NotZero(t, none, "the test looks at the wrong place")
}

func reopen(t *testing.T, f nvs.Flash) *nvs.Partition {
	t.Helper()
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	return p
}

// TestWifiImages reads the images of the specification that hold a Wi-Fi
// configuration, and replaces it.
func TestWifiImages(t *testing.T) {
	want := map[string]hal.SSID{"dev_wifi_virgin": "", "gen_wifi_ap": ""}
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "*_wifi_*.bin"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".bin")])
		t.Run(name, func(t *testing.T) {
			image, err := os.ReadFile(file)
			require.NoError(t, err)
			f := flash.FromBytes(image)
			cfg := load(t, f)
			if ssid, known := want[name]; known {
				require.Equal(t, ssid, cfg.SSID)
			} else {
				require.NotEmpty(t, cfg.SSID)
				require.NotEmpty(t, cfg.Passphrase)
			}
			before := content(t, reopen(t, f))
			require.NoError(t, wifistore.Save(reopen(t, f), newConfig))
			require.Equal(t, newConfig, load(t, f))
			after := content(t, reopen(t, f))
			for key, it := range before {
				require.Contains(t, after, key)
				switch key {
				case "opmode", "sta.ssid", "sta.pswd", "sta.pmk", "bssid.set", "sta.bssid", "sta.chan", "sta.scan_method", "sta.minauth":
				default:
					require.Equal(t, it, after[key], "keys that are not ours stay")
				}
			}
		})
	}
}
