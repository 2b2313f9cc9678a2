// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/protocomm"
)

// twoNetworks is the list behind the scan vectors.
var twoNetworks = []hal.AccessPoint{
	{SSID: "MyNetwork", BSSID: hal.BSSID{0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5}, Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK},
	{SSID: "Other", BSSID: hal.BSSID{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}, Channel: 11, RSSI: -80, Auth: hal.AuthOpen},
}

// Every request and response of vectors/endpoints.json, byte for byte, through
// the manager. Where it answers better on purpose, the answer is given here.
func TestEndpointVectors(t *testing.T) {
	var file struct {
		Wifi []struct {
			Name, Endpoint, Request, Response string
			State                             string `json:"device_state"`
			OK                                bool   `json:"handler_ok"`
		}
	}
	spectest.ReadJSON(t, &file, "vectors", "endpoints.json")
	require.NotEmpty(t, file.Wifi)
	better := map[string]string{
		// Both without a manager: see Q-E1, and keeping credentials needs none.
		"GetStatus when the status callback fails": "08015a0408051002",
		"SetConfig handler failure":                "08036a00",
	}
	for i := range 2 * len(file.Wifi) {
		v, style := file.Wifi[i/2], wifiprov.VersionV5
		if i%2 == 1 {
			// The messages of network_provisioning are the same on the wire.
			style = wifiprov.VersionNetProv
			if v.Request == "0806" {
				v.OK, v.Response = true, "08078a01020804" // GetThreadStatus, to it
			}
		}
		t.Run(v.Name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Version = style
				r.init()
				require.NoError(t, r.m.DisableAutoStop(time.Second))
				r.startOnly()
				if want, ok := better[v.Name]; ok {
					handler := r.m.ConfigHandler()
					require.NoError(t, r.m.Deinit())
					req, err := hex.DecodeString(v.Request)
					require.NoError(t, err)
					resp, err := handler(1, req)
					require.NoError(t, err)
					require.Equal(t, want, hex.EncodeToString(resp))
					return
				}
				prepare(t, r, v.Name, v.State)
				resp, err := r.request(v.Endpoint, v.Request)
				if !v.OK {
					require.Error(t, err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, v.Response, resp)
			})
		})
	}
}

// prepare brings the manager to the state that a vector assumes.
func prepare(t *testing.T, r *rig, name, state string) {
	fails := state == "application handlers return failure"
	switch {
	case strings.HasPrefix(state, "station connected"):
		r.apply()
		r.wifi.gotIP()
	case state == "attempt failed, 2 attempts remaining":
		r.m.ShowAttemptFailed(2)
	case state == "attempt failed, 0 attempts remaining":
		r.m.ShowAttemptFailed(0)
	case state == "station disconnected, AuthError":
		r.apply()
		r.wifi.lost(hal.ReasonAuthFail)
	case state == "station disconnected, NetworkNotFound":
		r.apply()
		r.wifi.lost(hal.ReasonNoAPFound)
	case strings.HasPrefix(name, "ApplyConfig") && !fails:
		r.answer("prov-config", "0802620f0a036e6574120870617373776f7264")
	case strings.HasPrefix(name, "ScanStart") && fails:
		r.wifi.failNext("StartScan", errDriver)
	case strings.HasPrefix(name, "ScanStart blocking"):
		go func() {
			for range 13 {
				time.Sleep(time.Second)
				r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
			}
		}()
	case strings.HasPrefix(name, "ScanStatus") || strings.HasPrefix(name, "ScanResult"):
		r.wifi.found = twoNetworks
		r.answer("prov-scan", "5200")
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
	case name == "CtrlReset failure":
		r.apply()
	}
}

// Without its manager the endpoint reports an error, and a state that no client
// takes for success (Q-E1).
func TestQE1_StatusWithoutManager(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		handler := r.m.ConfigHandler()
		require.NoError(t, r.m.Deinit())
		answer, err := handler(1, []byte{0x52, 0x00})
		require.NoError(t, err)
		require.Equal(t, "08015a0408051002", hex.EncodeToString(answer))
		answer, err = handler(1, []byte{0x08, 0x02, 0x62, 0x03, 0x0a, 0x01, 'x'})
		require.NoError(t, err)
		require.Equal(t, "08036a00", hex.EncodeToString(answer))
		answer, err = handler(1, []byte{0x08, 0x04})
		require.NoError(t, err)
		require.Equal(t, "08057a020805", hex.EncodeToString(answer))
	})
}

// SSIDs and passphrases of every length, arbitrary bytes included, reach the
// driver as they were sent, up to the limits (Q-E13, Q-E14, Q-E12).
func TestQE13_QE14_QE12_Credentials(t *testing.T) {
	bytesOf := func(n int, from byte) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from + byte(i)
		}
		return string(b)
	}
	tests := []struct {
		name             string
		ssid, passphrase string
		bssid            int
		ok               bool
		stored           string // passphrase, if it differs
	}{
		{"empty", "", "", 0, true, ""},
		{"ordinary", "MyNetwork", "passphrase", 0, true, "passphrase"},
		{"SSID of 32 arbitrary bytes with zeros", bytesOf(32, 0), "passphrase", 0, true, "passphrase"},
		{"SSID of 32 bytes, not text", bytesOf(32, 0xe0), "passphrase", 0, true, "passphrase"},
		{"SSID of 33", bytesOf(33, 1), "passphrase", 0, false, ""},
		{"passphrase of 1", "x", "p", 0, true, "p"},
		{"passphrase of 63", "x", bytesOf(63, 32), 0, true, bytesOf(63, 32)},
		{"passphrase of 64", "x", bytesOf(64, 32), 0, false, ""},
		{"key of 64 digits", "x", digits, 0, true, digits},
		{"63 digits, a passphrase", "x", digits[:63], 0, true, digits[:63]},
		{"64 digits and one more", "x", digits + "0", 0, false, ""},
		{"64 digits and a zero byte", "x", digits + "\x00", 0, false, ""},
		{"63 digits and a zero byte", "x", digits[:63] + "\x00", 0, false, ""},
		{"32 digits and zero bytes", "x", digits[:32] + string(make([]byte, 32)), 0, false, ""},
		{"63 digits and g", "x", digits[:63] + "g", 0, false, ""},
		{"@ and 63 digits", "x", "@" + digits[1:], 0, false, ""},
		{"a colon among 63 digits", "x", digits[:9] + ":" + digits[10:], 0, false, ""},
		{"passphrase with a zero byte", "x", "abc\x00def", 0, true, "abc"},
		{"BSSID", "x", "p", 6, true, "p"},
		{"short BSSID", "x", "p", 5, false, ""},
		{"long BSSID", "x", "p", 7, false, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.start()
				cmd := field(1, tc.ssid) + field(2, tc.passphrase)
				if tc.bssid > 0 {
					cmd += field(3, bytesOf(tc.bssid, 1)) + "\x20\x06"
				}
				resp := r.answer("prov-config", hex.EncodeToString([]byte("\x08\x02"+field(12, cmd))))
				if !tc.ok {
					require.Equal(t, "08036a020804", resp)
					require.Equal(t, "08057a020805", r.answer("prov-config", "0804"))
					return
				}
				require.Equal(t, "08036a00", resp)
				require.Equal(t, "08057a00", r.answer("prov-config", "0804"))
				require.Equal(t, hal.StationConfig{
					SSID: hal.SSID(tc.ssid), Passphrase: hal.Secret(tc.stored), ScanMethod: hal.ScanAllChannel,
				}, r.wifi.flash)
			})
		})
	}
}

// digits are a pre-shared key.
const digits = "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF"

// field encodes a length-delimited protobuf field of up to 127 bytes.
func field(number int, value string) string {
	return string(rune(number<<3|2)) + string([]byte{byte(len(value))}) + value
}

// Apply needs what the same session set, once; a new SetConfig replaces it; a
// closed session takes its own along (Q-E15).
func TestQE15_ApplyBelongsToItsSession(t *testing.T) {
	const setA, setB = "0802620f0a036e6574120870617373776f7264", "080262060a0178120162"
	const apply, applied, refused = "0804", "08057a00", "08057a020805"
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		do := func(id protocomm.SessionID, body string) string {
			resp, err := r.requestAs(id, "prov-config", body)
			require.NoError(t, err)
			return resp
		}
		require.Equal(t, refused, do(1, apply), "apply without config")
		do(1, setA)
		require.Equal(t, refused, do(2, apply), "another session's config")
		require.NoError(t, r.scheme.pc.OpenSession(1))
		do(1, setA)
		require.NoError(t, r.scheme.pc.CloseSession(1))
		require.Equal(t, refused, do(1, apply), "a closed session's config")
		do(1, setA)
		do(2, setB)
		do(1, "0802620b0a036e657412047a7a7a7a")
		require.Equal(t, applied, do(1, apply))
		require.Equal(t, hal.Secret("zzzz"), r.wifi.flash.Passphrase)
		require.Equal(t, refused, do(1, apply), "consumed")
		require.Equal(t, "08036a00", do(1, setA), "SetConfig succeeds in every state")
		require.Equal(t, refused, do(1, apply), "credentials were taken before")
	})
	bubble(t, func(t *testing.T, r *rig) { // sessions without end do not pile up
		r.start()
		for id := range protocomm.SessionID(17) {
			_, err := r.requestAs(1000+id, "prov-config", setA)
			require.NoError(t, err)
		}
		resp, err := r.requestAs(1000, "prov-config", apply)
		require.NoError(t, err)
		require.Equal(t, refused, resp)
		resp, err = r.requestAs(1001, "prov-config", apply)
		require.NoError(t, err)
		require.Equal(t, applied, resp)
	})
}

// What one run of the service was told is not there in the next.
func TestNothingOutlivesTheService(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-config", "0802620f0a036e6574120870617373776f7264")
		r.m.StopProvisioning()
		r.m.Wait()
		r.startOnly()
		require.Equal(t, "08057a020805", r.answer("prov-config", "0804"))
		r.apply()
		r.wifi.gotIP()
		require.Contains(t, r.answer("prov-config", "5200"), "3139322e3136382e312e3233")
		r.m.StopProvisioning()
		r.m.Wait()
		r.startOnly()
		r.apply()
		r.wifi.linkErr = hal.ErrNotConnected
		r.wifi.gotIP()
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
	})
}

// The BSSID is copied whole, zero bytes included (Q-E2), SSIDs as bytes and
// authentication modes above 7 as they are (Q-E17).
func TestQE2_QE17_ConnectedAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.link = hal.Link{IP: hal.IPv4{10, 0, 0, 1}, AP: hal.AccessPoint{
			SSID: "a\x00b", BSSID: hal.BSSID{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}, Channel: 13, Auth: 14,
		}}
		r.wifi.gotIP()
		require.Equal(t, "08015a1d5a1b0a0831302e302e302e31100e1a036100622206001122334455280d", r.answer("prov-config", "5200"))
	})
}

// The link lost in between: the last one known is told, and without one
// Connecting (Q-E19).
func TestQE19_LinkLostInBetween(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.gotIP()
		before := r.answer("prov-config", "5200")
		r.wifi.linkErr = hal.ErrNotConnected
		require.Equal(t, before, r.answer("prov-config", "5200"))
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.linkErr = hal.ErrNotConnected
		r.wifi.gotIP()
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.NotContains(t, r.takeEvents(), "END", "the client was not told, yet the service stops")
	})
}

// Messages that are no request are an error and no answer (Q-P2, Q-E9).
func TestQP2_QE9_NoRequest(t *testing.T) {
	bodies := map[string][]string{
		"prov-config": {"ff", "0802", "08027200", "0801", "0803", "0805", "0806", "08ffffffff07", "08ffffffffffffffffff01", "0802620bff"},
		"prov-scan":   {"ff", "", "0800", "0804", "08045200", "00", "0801", "0803", "0805", "0806", "08ffffffff07", "0800720210ff"},
	}
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		for endpoint, list := range bodies {
			for _, body := range list {
				_, err := r.request(endpoint, body)
				require.ErrorIs(t, err, wifiprov.ErrInvalidArg, "%s %q", endpoint, body)
			}
		}
		require.Equal(t, "08015a021001", r.answer("prov-config", ""), "an empty body is GetStatus")
	})
}
