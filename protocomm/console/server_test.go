// SPDX-License-Identifier: Apache-2.0

package console

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Every byte of an exchange, with echo as the original has it and without.
func TestConsoleBytes(t *testing.T) {
	version := hex.EncodeToString([]byte(versionText))
	for _, tc := range []struct{ name, sent, echo, out string }{
		{"answer", "proto-ver 0 455350\r", "proto-ver 0 455350\r\n", "\r\n" + version + "\r\n\n>> "},
		{"answer, LF", "echo 0 ABcd\n", "echo 0 ABcd\r\n", "\r\nabcd\r\n\n>> "},
		{"answer, CR LF", "echo 0 ABcd\r\n", "echo 0 ABcd\r\n", "\r\nabcd\r\n\n>> "},
		{"empty answer", "empty 0 00\r", "empty 0 00\r\n", "\r\n\r\n\n>> "},
		{"more words", "echo 0 01 two  three\r", "echo 0 01 two  three\r\n", "\r\n01\r\n\n>> "},
		{"more words, badly quoted", "echo 0 01 \"two \\x\r", "echo 0 01 \"two \\x\r\n", "\r\n01\r\n\n>> "},
		{"blanks", "   echo   0   01  \r", "   echo   0   01  \r\n", "\r\n01\r\n\n>> "},
		{"quotes", `"echo" "0" "01"` + "\r", `"echo" "0" "01"` + "\r\n", "\r\n01\r\n\n>> "},
		{"quoted name", `"my \"own\" data" 0 01` + "\r", `"my \"own\" data" 0 01` + "\r\n", "\r\n6f776e\r\n\n>> "},
		{"escaped name", `my\ \"own\"\ data 0 01` + "\r", `my\ \"own\"\ data 0 01` + "\r\n", "\r\n6f776e\r\n\n>> "},
		{"empty line", "\r", "\r\n", "\n>> "},
		{"only blanks", "  \r", "  \r\n", "\n>> "},
		{"unknown", "nothing 0 00\r", "nothing 0 00\r\n", "\n>> "},
		{"unfinished", "echo 0 0", "echo 0 0", ""},
	} {
		for _, noEcho := range []bool{false, true} {
			bubble(t, Config{NoEcho: noEcho}, nil, func(t *testing.T, r *rig) {
				r.start()
				want := tc.out
				if !noEcho {
					want = tc.echo + want
				}
				require.Equal(t, want, r.line.say(tc.sent), "%s, no echo: %v", tc.name, noEcho)
			})
		}
	}
}

// The lines may come in any pieces, several at once, and the answers keep their
// order.
func TestPieces(t *testing.T) {
	const session = "echo 0 01\recho 0 02\r\n\nproto-ver 0 00\r\n\rempty 0 00\nbad\recho 0 03\r"
	var whole string
	for size := len(session); size > 0; size-- {
		bubble(t, Config{}, nil, func(t *testing.T, r *rig) {
			r.start()
			said := ""
			for rest := session; rest != ""; rest = rest[min(size, len(rest)):] {
				said += r.line.say(rest[:min(size, len(rest))])
			}
			if whole == "" {
				whole = said
				require.Equal(t, 8, strings.Count(whole, "\n>> "))
				require.Contains(t, whole, "echo 0 03\r\n\r\n03\r\n")
			}
			require.Equal(t, whole, said, "pieces of %d", size)
		})
	}
}

// A long answer comes whole.
func TestLongAnswer(t *testing.T) {
	bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, strings.Repeat("\x00", 60000), r.ask("big", 0, "x"))
		require.Nil(t, r.server.svc.line.answer, "a long answer's memory is not kept")
		require.Equal(t, "x", r.ask("echo", 0, "x"))
	})
}

// What gets no answer, and what the log says about it.
func TestRefusals(t *testing.T) {
	for _, tc := range []struct{ sent, log string }{
		{"proto-ver", "fewer than three words"},
		{"proto-ver 0", "fewer than three words"},
		{"help 0", "fewer than three words"},
		{`echo 0 ""`, "the hex is empty"},
		{"nothing 0 00", "no endpoint of that name"},
		{"ECHO 0 00", "no endpoint of that name"},
		{"\techo 0 00", "no endpoint of that name"},
		{"fail 0 00", "handler says no"},
		{`"echo 0 00`, "quoted word does not end"},
		{`"echo" 0 "00`, "quoted word does not end"},
		{`ec\ho 0 00`, "backslash is followed by something else"},
		{`echo 0 00\`, "backslash is followed by something else"},
		{`echo"" 0 00`, "no endpoint of that name"},
		{`"ec"ho 0 00`, "not a decimal number"},
	} {
		bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
			r.start()
			require.Equal(t, "\n>> ", r.line.say(tc.sent+"\r"), tc.sent)
			logs := r.logged()
			require.Len(t, logs, 1, tc.sent)
			require.Contains(t, logs[0], tc.log, tc.sent)
			require.Equal(t, "x", r.ask("echo", 0, "x"))
			require.Empty(t, r.logged())
		})
	}
}

// help lists the endpoints as they have to be typed, unless one has that name.
func TestHelp(t *testing.T) {
	bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
		for _, name := range r.pc.Endpoints() {
			if name != "proto-ver" && name != `my "own" data` {
				must(t, r.pc.RemoveEndpoint(name))
			}
		}
		r.start()
		require.Equal(t, "\r\nproto-ver <session> <hex>\r\n\"my \\\"own\\\" data\" <session> <hex>\r\n\n>> ", r.line.say("help\r"))
		const soft = "soft\u00ad \u0085" // strconv.Quote would write it with \u
		must(t, r.pc.AddEndpoint(soft, func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("soft"), nil }))
		require.Contains(t, r.line.say("help\r"), "\r\n\""+soft+"\" <session> <hex>\r\n")
		require.Equal(t, "\r\n"+hex.EncodeToString([]byte("soft"))+"\r\n\n>> ", r.line.say("\""+soft+"\" 0 00\r"))
		must(t, r.pc.AddEndpoint("help", func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("me"), nil }))
		require.Equal(t, "\n>> ", r.line.say("help\r"))
		require.Equal(t, "me", r.ask("help", 0, "x"))
	})
}

// Endpoints come and go while the service runs; names that cannot be typed do
// not come.
func TestEndpointNames(t *testing.T) {
	bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
		r.start()
		handler := func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("new"), nil }
		long := strings.Repeat(`"`, maxName)
		must(t, r.pc.AddEndpoint(long, handler))
		require.Equal(t, "new", answer(t, r.line.say(quoted(long)+" 4294967294 00\r")))
		must(t, r.pc.RemoveEndpoint(long))
		require.Equal(t, none, answer(t, r.line.say(quoted(long)+" 0 00\r")))
		for _, name := range []string{"a\rb", "a\nb", "a\tb", "a\x00b", "a\x7fb", strings.Repeat("x", maxName+1)} {
			require.ErrorIs(t, r.pc.AddEndpoint(name, handler), protocomm.ErrInvalidArg, "%q", name)
		}
		require.ErrorIs(t, CheckName(""), protocomm.ErrInvalidArg)
		must(t, r.server.Stop(r.pc))
		must(t, r.pc.AddEndpoint("a\rb", handler)) // nobody minds now
		require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidArg)
		require.Equal(t, 1, r.opened, "a start that fails opens nothing")
		must(t, r.pc.AddEndpoint("c\rd", handler)) // and leaves no hooks
	})
	// The longest name that is nothing but escapes fits into the shortest line.
	require.LessOrEqual(t, len(quoted(strings.Repeat(`"`, maxName)))-len(`""`)+len(" 4294967294 00"), MinMaxLine)
}

func TestStartErrors(t *testing.T) {
	bubble(t, Config{}, nil, func(t *testing.T, r *rig) {
		require.ErrorIs(t, r.server.Start(nil), protocomm.ErrInvalidArg)
		require.ErrorIs(t, r.server.Stop(r.pc), protocomm.ErrInvalidArg)
		require.ErrorIs(t, r.server.Stop(nil), protocomm.ErrInvalidArg)
		r.start()
		require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidState)
		other := r.newInstance(nil)
		require.ErrorIs(t, r.server.Start(other), protocomm.ErrNotSupported)
		require.ErrorIs(t, r.server.Stop(other), protocomm.ErrInvalidArg)
		must(t, r.server.Stop(r.pc))
		require.True(t, r.line.isOver())
		require.ErrorIs(t, r.server.Stop(r.pc), protocomm.ErrInvalidArg)
	})
	gone := errors.New("no such device")
	s := New(Config{Open: func() (io.ReadWriteCloser, error) { return nil, gone }})
	pc := protocomm.New(protocomm.Config{})
	require.ErrorIs(t, s.Start(pc), gone)
	s.Wait()
	s = New(Config{})
	require.ErrorIs(t, s.Start(pc), protocomm.ErrInvalidArg)
	require.ErrorContains(t, s.Start(pc), "set Config.Stream or Config.Open")
}
