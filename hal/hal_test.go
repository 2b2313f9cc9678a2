// SPDX-License-Identifier: Apache-2.0

package hal_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// A secret does not show, however it is printed or encoded.
func TestSecretHidesItself(t *testing.T) {
	const word = "correct horse"
	secret := hal.Secret(word)
	config := hal.StationConfig{SSID: "HomeNet", Passphrase: secret}
	var shown strings.Builder
	for _, v := range []any{secret, &secret, config, &config, []hal.Secret{secret}} {
		fmt.Fprintf(&shown, "%v %+v %#v %s %q %x\n", v, v, v, v, v, v)
		for _, verb := range strings.Split("dtcobUeg", "") {
			fmt.Fprintf(&shown, "%"+verb+"\n", v)
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		shown.Write(text)
	}
	require.Contains(t, shown.String(), "[hidden]")
	for _, trace := range []string{"horse", fmt.Sprintf("%x", word[:4]), "99 111 114", "0x63"} {
		require.NotContains(t, shown.String(), trace)
	}
	require.Equal(t, word, string(secret))
}

// What was hidden is not taken for the secret when it is read back, and what was
// not hidden is read as it is.
func TestHiddenSecretIsNotReadBack(t *testing.T) {
	for _, secret := range []hal.Secret{"correct horse", "", "[hidden]"} {
		config := hal.StationConfig{SSID: "HomeNet", Passphrase: secret}
		text, err := json.Marshal(config)
		require.NoError(t, err, "a log must not break")
		var back hal.StationConfig
		if err := json.Unmarshal(text, &back); secret == "" {
			require.NoError(t, err)
			require.Equal(t, config, back)
		} else {
			require.ErrorContains(t, err, "store string(secret)")
			require.Empty(t, string(back.Passphrase))
		}
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(config); secret == "" {
			require.NoError(t, err)
			back = hal.StationConfig{}
			require.NoError(t, gob.NewDecoder(&b).Decode(&back))
			require.Equal(t, config, back)
		} else {
			require.ErrorContains(t, err, "store string(secret)")
		}
	}
	var config hal.StationConfig
	require.NoError(t, json.Unmarshal([]byte(`{"SSID":"HomeNet","Passphrase":"correct horse"}`), &config))
	require.Equal(t, hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"}, config)
}

// In JSON, addresses and modes are text, and can be read back.
func TestJSON(t *testing.T) {
	type all struct {
		BSSID hal.BSSID
		IP    hal.IPv4
		Auth  hal.AuthMode
		Mode  hal.Mode
	}
	want := all{hal.BSSID{0xaa, 1, 2, 3, 4, 0xff}, hal.IPv4{10, 0, 0, 255}, hal.AuthWPA2WPA3PSK, hal.ModeAPSTA}
	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.Equal(t, `{"BSSID":"aa:01:02:03:04:ff","IP":"10.0.0.255","Auth":"WPA2/WPA3","Mode":"APSTA"}`, string(text))
	var got all
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want, got)
	require.NoError(t, json.Unmarshal([]byte(`{"BSSID":"AA:01:02:03:04:FF","Auth":"auth 200","Mode":"off"}`), &got))
	require.Equal(t, all{want.BSSID, want.IP, 200, hal.ModeOff}, got)
	for _, bad := range []string{
		`{"BSSID":""}`, `{"BSSID":"aa:01:02:03:04"}`, `{"BSSID":"aa:01:02:03:04:5"}`, `{"BSSID":"aa:01:02:03:04:fg"}`,
		`{"IP":""}`, `{"IP":"10.0.0"}`, `{"IP":"10.0.0.256"}`, `{"IP":"10.0.0.01"}`, `{"IP":"10.0.0.+1"}`,
		`{"Auth":"WPA4"}`, `{"Mode":""}`,
	} {
		before := got
		require.Error(t, json.Unmarshal([]byte(bad), &got), bad)
		require.Equal(t, before, got)
	}
}

// What a terminal gets of an SSID is text, whatever the bytes are.
func TestSSIDIsPrintable(t *testing.T) {
	for ssid, want := range map[hal.SSID]string{
		"":                 "",
		"HomeNet":          "HomeNet",
		"Café am Eck":      "Café am Eck",
		"a\x00b":           `a\x00b`,
		"\x1b[31mred":      `\x1b[31mred`,
		"caf\xe9":          `caf\xe9`,
		"del\x7f":          `del\x7f`,
		"c1\u009bcontrol":  `c1\xc2\x9bcontrol`,
		"replaced\uFFFDit": `replaced\xef\xbf\xbdit`,
		"txt.\u202egnp":    `txt.\xe2\x80\xaegnp`,
		"a\u061cb":         `a\xd8\x9cb`,
		"a\u200eb":         `a\xe2\x80\x8eb`,
		"a\u200fb":         `a\xe2\x80\x8fb`,
		"a\u2028b":         `a\xe2\x80\xa8b`,
		"a\u2066b":         `a\xe2\x81\xa6b`,
		"a\u2069b":         `a\xe2\x81\xa9b`,
		"a\u206fb":         `a\xe2\x81\xafb`,
		"שלום 👩\u200d🚀":    "שלום 👩\u200d🚀",
		"a\u2030b\u2065":   "a\u2030b\u2065",
	} {
		require.Equal(t, want, ssid.String())
	}
}

func TestTexts(t *testing.T) {
	require.Equal(t, "02:11:22:ab:cd:ef", hal.BSSID{2, 0x11, 0x22, 0xab, 0xcd, 0xef}.String())
	require.Equal(t, "192.168.1.77", hal.IPv4{192, 168, 1, 77}.String())
	require.Equal(t, "4-way handshake timeout (15)", hal.Reason4WayHandshakeTimeout.String())
	require.Equal(t, "reason 99", hal.Reason(99).String())
	require.Equal(t, "APSTA", hal.ModeAPSTA.String())
	require.Equal(t, "mode 9", hal.Mode(9).String())
	require.Equal(t, "flash RAM storage 7", fmt.Sprint(hal.StorageFlash, hal.StorageRAM, hal.Storage(7)))
	require.Equal(t, "GotIP", hal.EventGotIP.String())
	require.Equal(t, "event 77", hal.EventKind(77).String())
	seen := map[string]bool{}
	for auth := range hal.AuthMode(20) {
		require.False(t, seen[auth.String()], "%v twice", auth)
		seen[auth.String()] = true
	}
	require.True(t, seen["WPA2/WPA3"])
	require.True(t, seen["auth 19"])
}

// The logger takes a constant text and details; nil is silent.
func TestLogger(t *testing.T) {
	var silent hal.Logger
	silent.Log(hal.LevelError, "nobody hears")
	var got string
	hal.Logger(func(level hal.Level, msg string, attrs ...hal.Attr) {
		got = fmt.Sprint(level, msg, attrs)
	}).Log(hal.LevelWarn, "it failed", hal.Err(errors.New("why")))
	require.Equal(t, "4it failed[{error why}]", got)
}

func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock hal.Clock = hal.SystemClock{}
		began := time.Now()
		fired := make(chan time.Duration, 1)
		timer := clock.AfterFunc(3*time.Second, func() { fired <- time.Since(began) })
		require.Equal(t, 3*time.Second, <-fired)
		require.False(t, timer.Stop())
		require.True(t, clock.AfterFunc(time.Second, func() { t.Error("a stopped timer fired") }).Stop())
		time.Sleep(time.Minute)
	})
}

// Every step has a name of its own, and reasons say where they arise.
func TestJoinSteps(t *testing.T) {
	seen := map[string]bool{}
	for s := hal.JoinUnknown; s <= hal.JoinDone; s++ {
		require.False(t, seen[s.String()])
		seen[s.String()] = true
	}
	require.Equal(t, "step 9", hal.JoinStep(9).String())
	want := map[hal.Reason]hal.JoinStep{
		201: hal.JoinScan, 210: hal.JoinScan, 211: hal.JoinScan, 212: hal.JoinScan,
		2: hal.JoinAuth, 202: hal.JoinAuth,
		4: hal.JoinAssoc, 5: hal.JoinAssoc, 203: hal.JoinAssoc,
		14: hal.JoinHandshake, 15: hal.JoinHandshake, 23: hal.JoinHandshake, 204: hal.JoinHandshake,
	}
	for r := range 256 {
		require.Equal(t, want[hal.Reason(r)], hal.Reason(r).Step(), "reason %d", r)
	}
}

// With poll nobody else is needed to close done.
func TestAwait(t *testing.T) {
	done := make(chan struct{})
	polls := 0
	hal.Await(done, func() {
		if polls++; polls == 3 {
			close(done)
		}
	})
	require.Equal(t, 3, polls)
	hal.Await(done, func() { t.Error("polled for nothing") })
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(done) })
		began := time.Now()
		hal.Await(done, nil)
		require.Equal(t, time.Minute, time.Since(began))
	})
}
