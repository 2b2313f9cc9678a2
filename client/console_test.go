// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// terminal is a fake device at a console. It answers each line that is not
// empty with what reply returns, and shows the prompt.
type terminal struct {
	echo   bool
	pieces int // >0: what it says comes in pieces of so many bytes
	reply  func(line string) string

	conn  net.Conn
	lines []string
}

// attach connects a transport to a terminal.
func attach(t *testing.T, d *terminal, cfg ConsoleConfig) *Console {
	t.Helper()
	near, far := net.Pipe()
	d.conn = far
	go d.run()
	c, err := NewConsole(near, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, c.Close())
		far.Close()
	})
	return c
}

func (d *terminal) run() {
	d.say("\n>> ")
	r := bufio.NewReader(d.conn)
	for {
		line, err := r.ReadString('\r')
		if err != nil {
			return
		}
		if d.echo {
			d.say(line + "\n")
		}
		line = strings.TrimSuffix(line, "\r")
		if line != "" {
			d.lines = append(d.lines, line)
			d.say(d.reply(line))
		}
		d.say("\n>> ")
	}
}

func (d *terminal) say(text string) {
	n := len(text)
	if d.pieces > 0 {
		n = d.pieces
	}
	for text != "" {
		k := min(n, len(text))
		if _, err := io.WriteString(d.conn, text[:k]); err != nil {
			return
		}
		text = text[k:]
	}
}

// asHex is an answer as the device prints it.
func asHex(answer string) string { return "\r\n" + hex.EncodeToString([]byte(answer)) + "\r\n" }

// What is typed, to the byte.
func TestConsoleLine(t *testing.T) {
	for _, tc := range []struct {
		endpoint string
		session  uint32
		body     string
		want     string
	}{
		{"proto-ver", 0, "ESP", "proto-ver 0 455350"},
		{"prov-session", 4294967294, "\x00\xff", "prov-session 4294967294 00ff"},
		{`my "own" d\ata`, 1, "x", `"my \"own\" d\\ata" 1 78`},
		{`d\ata`, 1, "x", `"d\\ata" 1 78`},
	} {
		got, err := consoleLine(tc.endpoint, tc.session, []byte(tc.body))
		require.NoError(t, err)
		require.Equal(t, tc.want, got)
	}
	_, err := consoleLine("x", 0, nil)
	require.ErrorIs(t, err, ErrEmptyBody)
	for _, name := range []string{"", "a\rb", "a\nb", "a\x7fb"} {
		_, err := consoleLine(name, 0, []byte("x"))
		require.Error(t, err, "%q", name)
	}
	_, err = NewConsole(nil, ConsoleConfig{})
	require.Error(t, err)
	near, _ := net.Pipe()
	_, err = NewConsole(near, ConsoleConfig{Session: 1<<32 - 1})
	require.Error(t, err)
}

// Answers are found with and without echo, among log lines, in pieces, and
// behind terminals that change line ends.
func TestConsoleAnswers(t *testing.T) {
	const refused = "(refused)"
	replies := []struct{ name, said, want string }{
		{"answer", asHex("hello"), "hello"},
		{"empty answer", asHex(""), ""},
		{"refusal", "", refused},
		{"log before", "I (123) wifi: state\r\n" + asHex("hello"), "hello"},
		{"log after", asHex("hello") + "I (123) wifi: state\r\n", "hello"},
		{"log before and after", "W (1) x\nE (2) y\r\n" + asHex("hello") + "log\r\n\r\nlog\n", "hello"},
		{"log before an empty answer", "I (123) wifi: state\r\n" + asHex(""), ""},
		{"log before a refusal", "I (123) wifi: state\r\nI (124) 41 42\r\n", refused},
		{"empty lines in a log before a refusal", "log\r\n\r\n\r\n\r\n\r\nlog\r\n", refused},
		{"hex with an odd digit, upper case, a blank", "abc\r\nABCD\r\nab cd\r\n", refused},
		{"a mark in a log", "I >> x\r\n" + asHex("hello"), "hello"},
		{"long log", strings.Repeat("log ", 5000) + "\r\n" + asHex("hello"), "hello"},
	}
	changes := map[string]func(string) string{
		"":                    func(s string) string { return s },
		", LF to CR LF":       func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		", CR LF to LF":       func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") },
		", CR LF to LF twice": func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n\n") },
	}
	for _, r := range replies {
		for change, f := range changes {
			for _, echo := range []bool{false, true} {
				for _, pieces := range []int{0, 1, 3} {
					if pieces > 0 && len(r.said) > 1000 {
						continue
					}
					name := fmt.Sprint(r.name, change, ", echo ", echo, ", pieces ", pieces)
					synctest.Test(t, func(t *testing.T) {
						d := &terminal{echo: echo, pieces: pieces, reply: func(string) string { return f(r.said) }}
						c := attach(t, d, ConsoleConfig{MaxAnswer: 1000})
						for range 2 {
							answer, err := c.Do(t.Context(), "proto-ver", []byte("x"))
							if r.want == refused {
								require.ErrorIs(t, err, ErrRefused, name)
							} else {
								require.NoError(t, err, name)
								require.Equal(t, r.want, string(answer), name)
							}
						}
						require.Equal(t, []string{"proto-ver 0 78", "proto-ver 0 78"}, d.lines, name)
					})
				}
			}
		}
	}
}

// The line is found ready once; answers after that take no time, refusals a
// moment.
func TestConsoleTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attach(t, &terminal{reply: func(line string) string {
			if strings.HasPrefix(line, "bad") {
				return ""
			}
			return asHex("x")
		}}, ConsoleConfig{})
		for _, step := range []struct {
			endpoint string
			want     time.Duration
		}{{"proto-ver", consoleSettle}, {"x", 0}, {"x", 0}, {"bad", consoleSettle}, {"x", 0}, {"x", 0}} {
			began := time.Now()
			_, err := c.Do(t.Context(), step.endpoint, []byte("x"))
			require.Equal(t, step.endpoint == "bad", errors.Is(err, ErrRefused))
			require.Equal(t, step.want, time.Since(began))
		}
	})
}

// A prompt that comes between a request and its answer, because the service was
// started again, is neither a refusal nor the end of the exchange.
func TestConsoleGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &terminal{}
		d.reply = func(line string) string {
			d.say("\n>> \n>> ")
			time.Sleep(consoleSettle / 2)
			return asHex(line)
		}
		c := attach(t, d, ConsoleConfig{})
		for range 3 {
			answer, err := c.Do(t.Context(), "proto-ver", []byte("x"))
			require.NoError(t, err)
			require.Equal(t, "proto-ver 0 78", string(answer))
		}
	})
}

// What was said before a request is no answer to it, and neither is the answer
// to an earlier request that was given up.
func TestConsoleLateAnswer(t *testing.T) {
	for _, echo := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := &terminal{echo: echo, reply: func(line string) string {
				if strings.HasPrefix(line, "prov-scan ") {
					time.Sleep(10 * time.Second)
				}
				return asHex(line)
			}}
			c := attach(t, d, ConsoleConfig{})
			_, err := c.Do(t.Context(), "proto-ver", []byte("x"))
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = c.Do(ctx, "prov-scan", []byte("x"))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			began := time.Now()
			answer, err := c.Do(t.Context(), "proto-ver", []byte("x"))
			require.NoError(t, err)
			require.Equal(t, "proto-ver 0 78", string(answer))
			require.Less(t, time.Since(began), 10*time.Second)
			require.Greater(t, time.Since(began), 9*time.Second)

			d.say(asHex("nobody asked") + "\n>> ")
			synctest.Wait() // it is on the screen
			answer, err = c.Do(t.Context(), "proto-ver", []byte("y"))
			require.NoError(t, err)
			require.Equal(t, "proto-ver 0 79", string(answer))
		})
	}
}

// Limits: the time for a request, the length of an answer.
func TestConsoleLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attach(t, &terminal{reply: func(string) string { time.Sleep(time.Hour); return "" }}, ConsoleConfig{Timeout: 5 * time.Second})
		began := time.Now()
		_, err := c.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, ErrTimeout)
		require.ErrorContains(t, err, "no answer within 5s")
		require.Equal(t, 5*time.Second, time.Since(began))
		time.Sleep(time.Hour)
	})
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		go io.Copy(io.Discard, far)
		c, err := NewConsole(near, ConsoleConfig{})
		require.NoError(t, err)
		defer c.Close()
		began := time.Now()
		_, err = c.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, ErrTimeout)
		require.ErrorContains(t, err, "is there a provisioning console")
		require.Equal(t, requestTimeout, time.Since(began))
	})
	synctest.Test(t, func(t *testing.T) {
		n := 100
		d := &terminal{reply: func(string) string { return asHex(strings.Repeat("x", n)) }}
		c := attach(t, d, ConsoleConfig{MaxAnswer: 100, Timeout: -1})
		answer, err := c.Do(t.Context(), "proto-ver", []byte("x"))
		require.NoError(t, err)
		require.Len(t, answer, 100)
		n = 101
		_, err = c.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, ErrBadAnswer)
		require.ErrorContains(t, err, "more than 100 bytes")
		n = 1
		_, err = c.Do(t.Context(), "proto-ver", []byte("x"))
		require.NoError(t, err)
	})
}

// An answer after which no prompt comes, because the service has stopped, or
// the stream ends, is one all the same.
func TestConsoleAnswerWithoutPrompt(t *testing.T) {
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := &terminal{}
			over := make(chan struct{})
			defer close(over)
			d.reply = func(string) string {
				d.say(asHex("bye"))
				if closes {
					d.conn.Close()
				} else {
					<-over
				}
				return ""
			}
			c := attach(t, d, ConsoleConfig{})
			began := time.Now()
			answer, err := c.Do(t.Context(), "custom", []byte("x"))
			require.NoError(t, err)
			require.Equal(t, "bye", string(answer))
			if !closes {
				require.Equal(t, 2*consoleSettle, time.Since(began))
				return
			}
			_, err = c.Do(t.Context(), "custom", []byte("x"))
			require.ErrorContains(t, err, "the stream")
		})
	}
}

// The stream ends: before, in the middle of an answer.
func TestConsoleStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &terminal{}
		d.reply = func(string) string { d.say("\r\n41424"); d.conn.Close(); return "" }
		c := attach(t, d, ConsoleConfig{})
		_, err := c.Do(t.Context(), "custom", []byte("x"))
		require.ErrorContains(t, err, "the stream ended without an answer")
		require.NotErrorIs(t, err, ErrRefused)
		for range 2 {
			_, err = c.Do(t.Context(), "custom", []byte("x"))
			require.ErrorContains(t, err, "the stream")
		}
	})
}
