// SPDX-License-Identifier: Apache-2.0

package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// A restart forgets the session: the same number opens a new one, on the same
// stream and on another.
func TestQT9_RestartForgetsSession(t *testing.T) {
	same := Config{NoEcho: true}
	bubble(t, same, toy{}, func(t *testing.T, r *rig) {
		for range 3 {
			r.start()
			require.Equal(t, none, r.ask("echo", 7, "s:x"), "the session of before goes on")
			require.Equal(t, "hi", r.ask("prov-session", 7, "hello"))
			require.Equal(t, "welcome", r.ask("prov-session", 7, "proof"))
			require.Equal(t, "s:x", r.ask("echo", 7, "s:x"))
			must(t, r.server.Stop(r.pc))
			require.Equal(t, []protocomm.SessionID{7}, r.closedSessions())
		}
	})
	bubble(t, same, nil, func(t *testing.T, r *rig) {
		h := newHost()
		r.line, r.pc = h, r.newInstance(toy{})
		r.server = New(Config{Stream: h.near, NoEcho: true})
		for range 3 {
			r.start()
			require.Equal(t, "hi", r.ask("prov-session", 7, "hello"))
			require.Equal(t, "welcome", r.ask("prov-session", 7, "proof"))
			require.Equal(t, "s:x", r.ask("echo", 7, "s:x"))
			must(t, r.server.Stop(r.pc))
			require.Equal(t, []protocomm.SessionID{7}, r.closedSessions())
		}
	})
}

// Lines around the original's limit and around ours. One that is too long is
// dropped whole: nothing of it is a command, and the next line is answered.
func TestQT10_LineLengths(t *testing.T) {
	for _, tc := range []struct {
		limit, length int
		ok            bool
	}{
		{0, 254, true}, {0, 255, true}, {0, 256, true}, {0, 257, true}, {0, 2048, true}, {0, 4095, true},
		{0, 4096, true}, {0, 4097, false}, {0, 8192, false}, {0, 100000, false},
		{1, 255, true}, {1, 256, true}, {1, 257, false}, {MinMaxLine, 256, true}, {MinMaxLine, 4096, false},
		{9999, 9999, true}, {9999, 10000, false},
	} {
		for _, end := range []string{"\r", "\n", "\r\n"} {
			bubble(t, Config{MaxLine: tc.limit, NoEcho: true}, nil, func(t *testing.T, r *rig) {
				r.start()
				line := "echo 0 "
				body := strings.Repeat("41", (tc.length-len(line))/2)
				line += body
				line += strings.Repeat(" ", tc.length-len(line))
				got := answer(t, r.line.say(line+end))
				if tc.ok {
					require.Equal(t, strings.Repeat("A", len(body)/2), got, "%d of %d", tc.length, tc.limit)
				} else {
					require.Equal(t, none, got, "%d of %d", tc.length, tc.limit)
					logs := r.logged()
					require.Len(t, logs, 1)
					require.Contains(t, logs[0], "too long")
				}
				require.Equal(t, "x", r.ask("echo", 0, "x"))
			})
		}
	}
	// The end of a line that is too long is not a command (the original of
	// v5.5.5 executes it).
	bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, none, answer(t, r.line.say(strings.Repeat("x", DefaultMaxLine)+"echo 0 41\r")))
		require.Equal(t, none, answer(t, r.line.say(strings.Repeat("x", 255)+"echo 0 41\r")))
	})
}

// Hex and session numbers are read strictly; what is wrong reaches no handler.
func TestQT11_StrictWords(t *testing.T) {
	for _, tc := range []struct{ line, log string }{
		{"echo 0 0g", "no digit"}, {"echo 0 g0", "no digit"}, {"echo 0 00zz00", "no digit"}, {"echo 0 0x41", "no digit"},
		{"echo 0 4/", "no digit"}, {"echo 0 4:", "no digit"}, {"echo 0 4@", "no digit"}, {"echo 0 4G", "no digit"},
		{"echo 0 4`", "no digit"}, {"echo 0 -1", "no digit"}, {"echo 0 \x80\x80", "no digit"},
		{"echo 0 4", "odd"}, {"echo 0 414", "odd"},
		{"echo x 41", "decimal"}, {"echo 1x 41", "decimal"}, {"echo 0x1 41", "decimal"}, {"echo -1 41", "decimal"},
		{"echo +1 41", "decimal"}, {`echo "" 41`, "decimal"}, {"echo 1.0 41", "decimal"}, {`echo "1 " 41`, "decimal"},
		{"echo 4294967295 41", "decimal"}, {"echo 4294967296 41", "decimal"}, {"echo 18446744073709551617 41", "decimal"},
		{"echo " + strings.Repeat("9", 100) + " 41", "decimal"},
	} {
		bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
			r.start()
			require.Equal(t, none, answer(t, r.line.say(tc.line+"\r")), tc.line)
			logs := r.logged()
			require.Len(t, logs, 1, tc.line)
			require.Contains(t, logs[0], tc.log, tc.line)
			open, _ := r.pc.Sessions()
			require.Zero(t, open, "a line that is refused opens a session")
		})
	}
	for line, want := range map[string]string{
		"who 0 41": "0", "who 007 41": "7", "who 4294967294 41": "4294967294", "echo 0 aAbBfF09": "\xaa\xbb\xff\x09",
	} {
		bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
			r.start()
			require.Equal(t, want, answer(t, r.line.say(line+"\r")), line)
		})
	}
}

// The longest message of a handshake, security 2's first of 406 bytes, and more
// go through.
func TestQT12_LongHandshake(t *testing.T) {
	for _, length := range []int{120, 121, 406, 1024, 2000} {
		bubble(t, Config{}, toy{}, func(t *testing.T, r *rig) {
			r.start()
			r.line.say(typed("prov-session", 0, "hello"))
			proof := "proof" + strings.Repeat("x", length-len("proof"))
			line := typed("prov-session", 0, proof)
			require.Equal(t, line+"\n\r\n"+"77656c636f6d65"+"\r\n\n>> ", r.line.say(line))
			require.True(t, r.pc.SessionEstablished(0))
		})
	}
}
