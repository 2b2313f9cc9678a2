// SPDX-License-Identifier: Apache-2.0

package wifistore_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

const ns = wifistore.Namespace

// ssidBlob is sta.ssid of a real device (wifi-nvs.md 1), 7 characters.
const esp32ap = "0700000065737033326170" + "00000000000000000000000000000000000000000000000000"

// leftovers is one with uninitialised memory behind the SSID.
const leftovers = "0b00000042656c6b696e2e3436344300a5a5a5a5a5a5a5a5d01308403e60084030050600"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func ff(n int) []byte { return bytes.Repeat([]byte{0xff}, n) }

// item is what a key holds.
type item struct {
	typ   store.Type
	value []byte
}

func content(t testing.TB, s store.Store) map[string]item {
	t.Helper()
	all := map[string]item{}
	for e, err := range s.Entries("") {
		require.NoError(t, err)
		v, err := s.Get(nil, e.Namespace, e.Key, e.Type)
		require.NoError(t, err)
		name := e.Key
		if e.Namespace != ns {
			name = e.Namespace + "/" + e.Key
		}
		all[name] = item{e.Type, v}
	}
	return all
}

func TestLoad(t *testing.T) {
	blob := func(b []byte) item { return item{store.TypeBlob, b} }
	u8 := func(v byte) item { return item{store.TypeU8, []byte{v}} }
	none := hal.StationConfig{}
	for _, tt := range []struct {
		name string
		keys map[string]item
		want hal.StationConfig
	}{
		{"empty", nil, none},
		{"old driver's first start", map[string]item{"sta.ssid": blob(ff(36)), "sta.pswd": blob(ff(65))}, none},
		{"length 0", map[string]item{"sta.ssid": blob(make([]byte, 36))}, none},
		{"length 33", map[string]item{"sta.ssid": blob(append([]byte{33, 0, 0, 0}, make([]byte, 40)...))}, none},
		{"length beyond the blob", map[string]item{"sta.ssid": blob([]byte{3, 0, 0, 0, 'a', 'b'})}, none},
		{"blob of 3 bytes", map[string]item{"sta.ssid": blob([]byte{1, 0, 0})}, none},
		{"short blob", map[string]item{"sta.ssid": blob([]byte{2, 0, 0, 0, 'a', 'b'})}, hal.StationConfig{SSID: "ab"}},
		{"real device", map[string]item{"sta.ssid": blob(unhex(t, esp32ap))}, hal.StationConfig{SSID: "esp32ap"}},
		{"leftovers", map[string]item{"sta.ssid": blob(unhex(t, leftovers))}, hal.StationConfig{SSID: "Belkin.464C"}},
		{"zero bytes in the SSID", map[string]item{"sta.ssid": blob([]byte{3, 0, 0, 0, 0, 'a', 0})}, hal.StationConfig{SSID: "\x00a\x00"}},
		{"32 bytes", map[string]item{"sta.ssid": blob(append([]byte{32, 0, 0, 0}, ff(32)...))},
			hal.StationConfig{SSID: hal.SSID(ff(32))}},
		{"SSID of another type", map[string]item{"sta.ssid": {store.TypeString, []byte("home")}}, none},
		{"password of 65 bytes", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "sta.pswd": blob(append([]byte("secret"), make([]byte, 59)...))},
			hal.StationConfig{SSID: "esp32ap", Passphrase: "secret"}},
		{"password of 64 bytes, no zero", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "sta.pswd": blob(bytes.Repeat([]byte("a"), 64))},
			hal.StationConfig{SSID: "esp32ap", Passphrase: hal.Secret(strings.Repeat("a", 64))}},
		{"password of 65 bytes, no zero", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "sta.pswd": blob(bytes.Repeat([]byte("a"), 65))},
			hal.StationConfig{SSID: "esp32ap", Passphrase: hal.Secret(strings.Repeat("a", 64))}},
		{"password of 3 bytes", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "sta.pswd": blob([]byte("abc"))},
			hal.StationConfig{SSID: "esp32ap", Passphrase: "abc"}},
		{"password never set", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "sta.pswd": blob(ff(65))}, hal.StationConfig{SSID: "esp32ap"}},
		{"password missing", map[string]item{"sta.ssid": blob(unhex(t, esp32ap))}, hal.StationConfig{SSID: "esp32ap"}},
		{"password without SSID", map[string]item{"sta.pswd": blob([]byte("secret"))}, none},
		{"everything", map[string]item{
			"sta.ssid": blob(unhex(t, esp32ap)), "sta.scan_method": u8(1), "sta.chan": u8(8), "sta.minauth": u8(3),
			"bssid.set": u8(1), "sta.bssid": blob([]byte{1, 2, 3, 4, 5, 6}),
		}, hal.StationConfig{SSID: "esp32ap", ScanMethod: hal.ScanAllChannel, Channel: 8, MinAuth: hal.AuthWPA2PSK,
			BSSIDSet: true, BSSID: hal.BSSID{1, 2, 3, 4, 5, 6}}},
		{"BSSID not set", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "bssid.set": u8(0), "sta.bssid": blob(ff(6))},
			hal.StationConfig{SSID: "esp32ap"}},
		{"BSSID of 5 bytes", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "bssid.set": u8(1), "sta.bssid": blob(ff(5))},
			hal.StationConfig{SSID: "esp32ap"}},
		{"channel of another type", map[string]item{"sta.ssid": blob(unhex(t, esp32ap)), "sta.chan": {store.TypeU16, []byte{8, 0}}},
			hal.StationConfig{SSID: "esp32ap"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m store.Memory
			for key, it := range tt.keys {
				require.NoError(t, m.Set(ns, key, it.typ, it.value))
			}
			got, err := wifistore.Load(&m)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestSaveWritesTheDriversKeys(t *testing.T) {
	var m store.Memory
	require.NoError(t, wifistore.Save(&m, hal.StationConfig{SSID: "esp32ap", Passphrase: "secretpass"}))
	u8 := func(v byte) item { return item{store.TypeU8, []byte{v}} }
	require.Equal(t, map[string]item{
		"opmode":          u8(1),
		"sta.ssid":        {store.TypeBlob, unhex(t, esp32ap)},
		"sta.pswd":        {store.TypeBlob, append([]byte("secretpass"), make([]byte, 55)...)},
		"bssid.set":       u8(0),
		"sta.chan":        u8(0),
		"sta.scan_method": u8(0),
		"sta.minauth":     u8(0),
	}, content(t, &m))
	require.Equal(t, content(t, &m), func() map[string]item { m.Restore(m.Snapshot()); return content(t, &m) }(), "committed")
}

func TestSaveLeavesOtherKeysAlone(t *testing.T) {
	var m store.Memory
	others := map[string]item{
		"sta.lis_intval": {store.TypeU16, []byte{3, 0}}, "sta.apinfo": {store.TypeBlob, ff(700)},
		"ap.ssid": {store.TypeBlob, ff(36)}, "sta.minrssi": {store.TypeI8, []byte{0x81}}, "sta.pmk": {store.TypeBlob, ff(32)},
		"unheard.of": {store.TypeString, []byte("x")},
	}
	for key, it := range others {
		require.NoError(t, m.Set(ns, key, it.typ, it.value))
	}
	require.NoError(t, store.SetText(&m, "app", "name", "x"))
	for _, cfg := range []hal.StationConfig{{SSID: "a", Passphrase: "secretpass"}, {SSID: "b"}} {
		require.NoError(t, wifistore.Save(&m, cfg))
		got := content(t, &m)
		for key, it := range others {
			require.Equal(t, it, got[key], key)
		}
		require.Contains(t, got, "app/name")
	}
}

func TestSaveKeepsTheAccessPointsMode(t *testing.T) {
	for before, want := range map[uint8]uint8{0: 1, 1: 1, 2: 3, 3: 3} {
		var m store.Memory
		require.NoError(t, store.SetInt(&m, ns, "opmode", before))
		require.NoError(t, wifistore.Save(&m, hal.StationConfig{SSID: "a"}))
		got, err := store.Int[uint8](&m, ns, "opmode")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestSaveErasesAnotherPassphrasesKey(t *testing.T) {
	var m store.Memory
	cfg := hal.StationConfig{SSID: "a", Passphrase: "secretpass"}
	require.NoError(t, wifistore.Save(&m, cfg))
	pmk := bytes.Repeat([]byte{7}, 32)
	require.NoError(t, store.SetBlob(&m, ns, "sta.pmk", pmk))
	cfg.Channel = 3
	require.NoError(t, wifistore.Save(&m, cfg))
	require.Contains(t, content(t, &m), "sta.pmk", "still fits")
	cfg.Passphrase = "otherpass"
	require.NoError(t, wifistore.Save(&m, cfg))
	require.NotContains(t, content(t, &m), "sta.pmk")
}

func TestSaveNothingErasesCredentials(t *testing.T) {
	var m store.Memory
	require.NoError(t, store.SetInt(&m, ns, "sta.lis_intval", uint16(3)))
	require.NoError(t, store.SetBlob(&m, ns, "sta.pmk", bytes.Repeat([]byte{7}, 32)))
	require.NoError(t, wifistore.Save(&m, hal.StationConfig{SSID: "a", Passphrase: "secretpass", BSSIDSet: true}))
	require.NoError(t, wifistore.Save(&m, hal.StationConfig{Passphrase: "ignored"}))
	m.Restore(m.Snapshot())
	require.Equal(t, map[string]item{
		"opmode": {store.TypeU8, []byte{1}}, "sta.lis_intval": {store.TypeU16, []byte{3, 0}},
	}, content(t, &m))
	got, err := wifistore.Load(&m)
	require.NoError(t, err)
	require.Zero(t, got)
}

func TestRestore(t *testing.T) {
	var m store.Memory
	require.NoError(t, wifistore.Save(&m, hal.StationConfig{SSID: "a"}))
	require.NoError(t, store.SetText(&m, ns, "unheard.of", "x"))
	require.NoError(t, store.SetText(&m, "app", "name", "x"))
	require.NoError(t, wifistore.Restore(&m))
	m.Restore(m.Snapshot())
	require.Equal(t, map[string]item{"app/name": {store.TypeString, []byte("x")}}, content(t, &m))
}

func TestCheck(t *testing.T) {
	require.NoError(t, wifistore.Check(hal.StationConfig{SSID: hal.SSID(ff(32)), Passphrase: hal.Secret(ff(64)), Channel: 14, ScanMethod: hal.ScanAllChannel}))
	for _, cfg := range []hal.StationConfig{
		{SSID: hal.SSID(ff(33))}, {Passphrase: hal.Secret(ff(65))}, {Channel: 15}, {ScanMethod: hal.ScanAllChannel + 1},
	} {
		require.ErrorIs(t, wifistore.Check(cfg), store.ErrInvalid)
	}
}

func TestSaveRanges(t *testing.T) {
	var m store.Memory
	require.ErrorIs(t, wifistore.Save(&m, hal.StationConfig{SSID: hal.SSID(ff(33))}), store.ErrInvalid)
	long := hal.Secret(strings.Repeat("x", 65))
	err := wifistore.Save(&m, hal.StationConfig{SSID: "a", Passphrase: long})
	require.ErrorIs(t, err, store.ErrInvalid)
	require.NotContains(t, err.Error(), "xx")
	require.Empty(t, content(t, &m))
	require.NoError(t, wifistore.Save(&m, hal.StationConfig{SSID: "a", Passphrase: "abc\x00def"}))
	got, err := wifistore.Load(&m)
	require.NoError(t, err)
	require.Equal(t, hal.Secret("abc"), got.Passphrase)
}

func TestAnyConfigSurvives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var m store.Memory
		var want hal.StationConfig
		for range 2 {
			want = hal.StationConfig{
				SSID:       hal.SSID(rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(rt, "ssid")),
				Passphrase: hal.Secret(rapid.StringMatching(`[ -~]{0,64}`).Draw(rt, "passphrase")),
				ScanMethod: hal.ScanMethod(rapid.IntRange(0, 1).Draw(rt, "method")),
				BSSIDSet:   rapid.Bool().Draw(rt, "bssid"),
				Channel:    rapid.Byte().Draw(rt, "channel"),
				MinAuth:    hal.AuthMode(rapid.Byte().Draw(rt, "auth")),
			}
			if want.BSSIDSet {
				copy(want.BSSID[:], rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(rt, "address"))
			}
			if err := wifistore.Save(&m, want); err != nil {
				rt.Fatal(err)
			}
		}
		got, err := wifistore.Load(&m)
		if err != nil || got != want {
			rt.Fatalf("%+v became %+v, %v", want, got, err)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(nil), []byte(nil), []byte(nil), byte(0))
	f.Add(ff(36), ff(65), ff(6), byte(1))
	f.Add(unhex(f, esp32ap), append([]byte("secret"), make([]byte, 59)...), []byte{1, 2, 3, 4, 5, 6}, byte(1))
	f.Add(unhex(f, leftovers), bytes.Repeat([]byte("a"), 64), []byte{1}, byte(2))
	f.Fuzz(func(t *testing.T, ssid, pass, bssid []byte, set byte) {
		var m store.Memory
		for key, v := range map[string][]byte{"sta.ssid": ssid, "sta.pswd": pass, "sta.bssid": bssid} {
			if err := store.SetBlob(&m, ns, key, v); err != nil {
				t.Skip()
			}
		}
		require.NoError(t, store.SetInt(&m, ns, "bssid.set", set))
		got, err := wifistore.Load(&m)
		require.NoError(t, err)
		if got.SSID == "" {
			require.Zero(t, got)
			return
		}
		require.LessOrEqual(t, len(got.SSID), hal.MaxSSID)
		require.LessOrEqual(t, len(got.Passphrase), wifistore.MaxPassphrase)
		require.NotContains(t, string(got.Passphrase), "\x00")
		require.Equal(t, set == 1 && len(bssid) == 6, got.BSSIDSet)

		// What is read can be written, and is read again.
		require.NoError(t, wifistore.Save(&m, got))
		again, err := wifistore.Load(&m)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
