// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

func script(t *testing.T, path string, passphrase hal.Secret) (*Script, error) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	r, err := NewReader(file)
	require.NoError(t, err)
	return ReadScript(r, passphrase)
}

// play plays a script against a device, and returns what came of it, a line for each
// exchange that is not the same, and how long it took.
func play(t *testing.T, s *Script, cfg simdevice.Config, fast bool) (lines []string, results map[Result]int, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Name = "PROV_1"
		if cfg.Endpoints == nil {
			cfg.Endpoints = []simdevice.Endpoint{{Name: "custom-data", Handler: func(_ protocomm.SessionID, req []byte) ([]byte, error) {
				return append([]byte("got "), req...), nil
			}}}
		}
		device, err := simdevice.Start(cfg)
		require.NoError(t, err)
		defer device.Close()
		transport, err := device.Dial()
		require.NoError(t, err)
		c, err := client.New(transport, client.Config{Security: s.Security, PoP: s.Login.PoP, Username: s.Login.Username, Password: s.Login.Password})
		require.NoError(t, err)
		defer c.Close()
		results = map[Result]int{}
		began := time.Now()
		require.NoError(t, s.Play(t.Context(), c, fast, func(r *Replayed) {
			results[r.Result]++
			if r.Result == Different {
				lines = append(lines, r.Recorded.Endpoint+":")
				lines = append(lines, r.Diff()...)
			}
		}))
		took = time.Since(began)
	})
	return lines, results, took
}

// The same device answers as it did, at the same pace.
func TestReplaySame(t *testing.T) {
	for mode, security := range securities {
		path := filepath.Join(t.TempDir(), "file")
		talk(t, path, simdevice.Config{Security: security}, true)
		s, err := script(t, path, "")
		require.NoError(t, err)
		lines, results, took := play(t, s, simdevice.Config{Security: security}, false)
		require.Empty(t, lines, "security %d", mode)
		want := len(s.exchanges) - 1
		if mode != 0 {
			want-- // a handshake has two steps
		}
		require.Equal(t, map[Result]int{Same: want, SameKind: 1}, results)
		last := s.exchanges[len(s.exchanges)-1]
		require.Equal(t, last.Start, took.Seconds())
		// In a hurry the device has not joined yet when it is asked.
		lines, _, took = play(t, s, simdevice.Config{Security: security}, true)
		require.Contains(t, lines, "+ resp_get_status.sta_state: CONNECTING")
		require.Less(t, took, 2*time.Second)
	}
}

// What is different shows.
func TestReplayDifferent(t *testing.T) {
	for mode, security := range securities {
		path := filepath.Join(t.TempDir(), "file")
		talk(t, path, simdevice.Config{Security: security}, true)
		s, err := script(t, path, "")
		require.NoError(t, err)
		air := sim.NewAir(sim.AirConfig{})
		ap := simdevice.Home
		ap.Channel = 11
		_, err = air.AddAP(ap)
		require.NoError(t, err)
		lines, _, _ := play(t, s, simdevice.Config{
			Air: air, Security: security, AppInfo: []simdevice.AppInfo{{Label: "lamp", Version: "2.0"}},
		}, false)
		text := strings.Join(lines, "\n")
		require.Contains(t, text, "proto-ver:\n+ lamp.cap: []\n+ lamp.ver: 2.0\n", mode)
		require.Contains(t, text, "prov-scan:\n- resp_scan_result.entries.channel: 6\n+ resp_scan_result.entries.channel: 11")
		require.True(t, strings.HasSuffix(text, "- resp_get_status.connected.channel: 6\n+ resp_get_status.connected.channel: 11"), text)

		// An endpoint that is missing now ends the session, and so the replay.
		lines, results, _ := play(t, s, simdevice.Config{Security: security, Endpoints: []simdevice.Endpoint{}}, false)
		require.Equal(t, "custom-data:", lines[0])
		require.Equal(t, "- an answer of 9 bytes", lines[1])
		require.True(t, strings.HasPrefix(lines[2], "+ no answer: client: custom: custom-data: device "), lines[2])
		require.Len(t, lines, 3)
		require.Equal(t, 9, results[NotPlayed])
	}
}

// Another proof of possession ends it at once.
func TestReplayWrongPoP(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	talk(t, path, simdevice.Config{Security: securities[1]}, true)
	s, err := script(t, path, "")
	require.NoError(t, err)
	lines, results, _ := play(t, s, simdevice.Config{Security: simdevice.Security1("another")}, true)
	require.Len(t, lines, 3)
	require.Equal(t, "- the session is open", lines[1])
	require.Contains(t, lines[2], "+ no session: client: connect: prov-session: device refused the proof of possession")
	require.Equal(t, map[Result]int{Same: 2, Different: 1, NotPlayed: 13}, results)
	// And so does a device with another security.
	lines, _, _ = play(t, s, simdevice.Config{Security: simdevice.Security0()}, true)
	require.Contains(t, strings.Join(lines, "\n"), "+ no session: ")
}

// What failed when it was recorded, and works now, is different.
func TestReplayWorksNow(t *testing.T) {
	file := head +
		`{"endpoint":"prov-session","request":"5203a20100","error":"refused"}` + "\n" +
		`{"endpoint":"prov-session","request":"5203a20100","answer":"52050801aa0100"}` + "\n" +
		`{"endpoint":"empty","request":"00","error":"refused"}` + "\n"
	for cut, want := range map[int][]string{
		2: {"prov-session:", "- no session: refused", "+ the session is open"},
		4: {"prov-session:", "- no session: refused", "+ the session is open", "empty:", "- no answer: refused"},
	} {
		r, err := NewReader(strings.NewReader(strings.Join(strings.SplitAfter(file, "\n")[:cut], "")))
		require.NoError(t, err)
		s, err := ReadScript(r, "")
		require.NoError(t, err)
		lines, _, _ := play(t, s, simdevice.Config{Security: securities[0], Endpoints: []simdevice.Endpoint{
			{Name: "empty", Handler: func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil }},
		}}, true)
		require.Equal(t, want, lines)
	}
}

// A handshake whose proof was refused is tried twice by a client, and is one of the replay.
func TestReplayRefusedProof(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	record(t, path, simdevice.Config{Security: securities[1]}, Header{Secrets: true}, client.Config{Security: client.Security1, PoP: "wrong"}, func(t *testing.T, c *client.Client) {
		for range 2 {
			require.ErrorIs(t, c.Connect(t.Context()), client.ErrPoP)
		}
	})
	s, err := script(t, path, "")
	require.NoError(t, err)
	require.Len(t, s.exchanges, 8)
	_, results, _ := play(t, s, simdevice.Config{Security: securities[1]}, true)
	require.Equal(t, map[Result]int{SameKind: 2}, results)
	_, results, _ = play(t, s, simdevice.Config{Security: simdevice.Security1("wrong")}, true)
	require.Equal(t, map[Result]int{Different: 2}, results)
}

// A masked passphrase has to be given; what is encrypted needs its keys.
func TestReplayMasked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sec0")
	talk(t, path, simdevice.Config{Security: securities[0]}, false)
	_, err := script(t, path, "")
	require.EqualError(t, err, "8: the passphrase is masked: give --passphrase, or record with --record-secrets")
	s, err := script(t, path, "correct horse")
	require.NoError(t, err)
	lines, _, _ := play(t, s, simdevice.Config{Security: securities[0]}, false)
	require.Contains(t, lines, "+ resp_get_status.sta_state: CONNECTED") // the first time was with a wrong one
	require.Contains(t, strings.Join(lines, "\n"), "device cannot be reached")

	for _, mode := range []int{1, 2} {
		path := filepath.Join(t.TempDir(), "file")
		talk(t, path, simdevice.Config{Security: securities[mode]}, false)
		_, err := script(t, path, "correct horse")
		require.ErrorContains(t, err, ": the request to prov-scan cannot be decrypted: record with --record-secrets to replay")
	}
}

// Without a device there is no comparison, and a replay can be ended.
func TestReplayEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	talk(t, path, simdevice.Config{Security: securities[0]}, true)
	s, err := script(t, path, "")
	require.NoError(t, err)
	c, err := client.New(nowhere{}, client.Config{Security: s.Security})
	require.NoError(t, err)
	defer c.Close()
	err = s.Play(t.Context(), c, true, func(*Replayed) { t.Error("something was compared") })
	require.ErrorIs(t, err, client.ErrUnreachable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Play(ctx, c, false, func(*Replayed) {}), context.Canceled)
	require.ErrorIs(t, s.Play(ctx, c, true, func(*Replayed) {}), context.Canceled)
}

type nowhere struct{ said }

func (nowhere) Do(ctx context.Context, _ string, _ []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, client.ErrUnreachable
}
