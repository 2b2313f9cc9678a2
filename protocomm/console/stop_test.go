// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// bare hides everything of a stream but Read and Write.
type bare struct{ io.ReadWriter }

// polled is a stream of a driver that returns from Read with nothing every so
// often, as err says.
type polled struct {
	h    *host
	wait time.Duration
	err  error
}

func (p polled) Write(b []byte) (int, error) { return p.h.near.Write(b) }
func (p polled) Read(b []byte) (int, error) {
	_ = p.h.near.SetReadDeadline(time.Now().Add(p.wait))
	n, err := p.h.near.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = p.err
	}
	return n, err
}

// onStream is bubble with Config.Stream made of the device's end by wrap.
func onStream(t *testing.T, wrap func(*host) io.ReadWriter, fn func(t *testing.T, r *rig)) {
	t.Helper()
	bubble(t, Config{}, nil, func(t *testing.T, r *rig) {
		r.line = newHost()
		r.server = New(Config{Stream: wrap(r.line), NoEcho: true, Logger: r.cfg.Logger})
		fn(t, r)
	})
}

// wraps are the kinds of streams that leave no goroutine behind.
var wraps = map[string]func(*host) io.ReadWriter{
	"deadlines":   func(h *host) io.ReadWriter { return h.near },
	"returns 0":   func(h *host) io.ReadWriter { return polled{h, time.Microsecond, nil} },
	"waits a bit": func(h *host) io.ReadWriter { return polled{h, 100 * time.Millisecond, nil} },
	"times out":   func(h *host) io.ReadWriter { return polled{h, 100 * time.Millisecond, os.ErrDeadlineExceeded} },
}

// A stream of the application's is not closed, no goroutine stays at it, and it
// can be served again at once, as often as one likes.
func TestStopLeavesStream(t *testing.T) {
	for name, wrap := range wraps {
		t.Run(name, func(t *testing.T) {
			onStream(t, wrap, func(t *testing.T, r *rig) {
				for range 3 {
					r.start()
					go r.line.Write([]byte(typed("echo", 0, "x")))
					time.Sleep(time.Second)
					require.Equal(t, "x", answer(t, r.line.said()))
					must(t, r.server.Stop(r.pc))
					began := time.Now()
					r.server.Wait()
					require.LessOrEqual(t, time.Since(began), 100*time.Millisecond+pollInterval)
					require.False(t, r.line.isOver())
					require.Empty(t, r.line.said())
				}
				// Stopped and started without a pause in between.
				r.start()
				for range 3 {
					must(t, r.server.Stop(r.pc))
					must(t, r.server.Start(r.pc))
				}
				time.Sleep(time.Second)
				r.line.said()
				go r.line.Write([]byte(typed("echo", 0, "x")))
				time.Sleep(time.Second)
				require.Equal(t, "x", answer(t, r.line.said()))
				require.Equal(t, 1, r.server.live)
				require.Empty(t, r.logged())
			})
		})
	}
}

// A Read that nothing breaks off: one goroutine stays, what comes next is lost
// while the service is stopped, and a service that was started meanwhile takes
// over.
func TestStopWithBlockedRead(t *testing.T) {
	onStream(t, func(h *host) io.ReadWriter { return bare{h.near} }, func(t *testing.T, r *rig) {
		r.start()
		must(t, r.server.Stop(r.pc))
		synctest.Wait()
		require.Equal(t, 1, r.server.live)
		require.Empty(t, r.line.say(typed("echo", 0, "lost")))
		r.server.Wait() // nothing is left now

		r.start()
		for range 3 {
			must(t, r.server.Stop(r.pc))
			other := r.newInstance(nil)
			must(t, r.server.Start(other))
			require.Equal(t, 1, r.server.live, "never more than one")
			require.Empty(t, r.line.said())
			r.pc = other
		}
		require.Equal(t, "\n>> \r\n78\r\n\n>> ", r.line.say(typed("echo", 0, "x")))
	})
}

// A stop while half a line is there: the next service does not see it.
func TestStopForgetsHalfLine(t *testing.T) {
	for name, wrap := range wraps {
		t.Run(name, func(t *testing.T) {
			onStream(t, wrap, func(t *testing.T, r *rig) {
				r.start()
				go r.line.Write([]byte("echo 0 4"))
				time.Sleep(time.Second)
				must(t, r.server.Stop(r.pc))
				r.server.Wait()
				r.start()
				go r.line.Write([]byte("1\r"))
				time.Sleep(time.Second)
				require.Equal(t, none, answer(t, r.line.said()))
			})
		})
	}
}

// Stop while a handler runs returns at once; the answer comes out, nothing
// after it is done, and then the stream is closed.
func TestStopLetsAnswerOut(t *testing.T) {
	for _, inside := range []bool{false, true} {
		bubble(t, Config{NoEcho: true}, toy{}, func(t *testing.T, r *rig) {
			if inside {
				must(t, r.pc.RemoveEndpoint("block"))
				must(t, r.pc.AddEndpoint("block", func(protocomm.SessionID, []byte) ([]byte, error) {
					r.entered <- struct{}{}
					<-r.release
					must(t, r.server.Stop(r.pc))
					return []byte("done"), nil
				}))
			}
			r.start()
			r.ask("prov-session", 0, "hello")
			r.ask("prov-session", 0, "proof")
			go r.line.Write([]byte(typed("block", 0, "s:x") + typed("block", 0, "s:x")))
			<-r.entered
			if !inside {
				must(t, r.server.Stop(r.pc))
			}
			require.Empty(t, r.closedSessions())
			require.False(t, r.line.isOver())
			time.Sleep(time.Hour)
			r.release <- struct{}{}
			require.Equal(t, "\r\n"+"733a646f6e65"+"\r\n", r.line.said())
			require.True(t, r.line.isOver())
			require.Equal(t, []protocomm.SessionID{0}, r.closedSessions())
			require.Empty(t, r.entered, "a handler began after Stop")
			r.server.Wait()
		})
	}
}

// On a stream of the application's the answer comes out too, and what was
// typed after it is dropped.
func TestStopLetsAnswerOutOnStream(t *testing.T) {
	for name, wrap := range wraps {
		t.Run(name, func(t *testing.T) {
			onStream(t, wrap, func(t *testing.T, r *rig) {
				r.start()
				go r.line.Write([]byte(typed("block", 0, "x") + typed("block", 0, "x")))
				<-r.entered
				must(t, r.server.Stop(r.pc))
				must(t, r.server.Start(r.pc))
				require.Empty(t, r.line.said(), "the line is busy")
				r.release <- struct{}{}
				time.Sleep(time.Second)
				require.Equal(t, "\r\n646f6e65\r\n\n>> ", r.line.said())
				require.Empty(t, r.entered)
				go r.line.Write([]byte(typed("who", 9, "x")))
				time.Sleep(time.Second)
				require.Equal(t, "9", answer(t, r.line.said()))
			})
		})
	}
}

// meddler calls at whenever the device writes a line's end.
type meddler struct {
	io.ReadWriter
	at func()
}

func (m *meddler) Write(p []byte) (int, error) {
	if bytes.HasSuffix(p, []byte(newline)) && m.at != nil {
		m.at()
	}
	return m.ReadWriter.Write(p)
}

// A stop between a line and its handler: the handler does not begin.
func TestStopBeforeHandler(t *testing.T) {
	bubble(t, Config{}, nil, func(t *testing.T, r *rig) {
		r.line = newHost()
		m := &meddler{ReadWriter: r.line.near}
		r.server = New(Config{Stream: m, Logger: r.cfg.Logger})
		r.start()
		m.at = func() { must(t, r.server.Stop(r.pc)) }
		r.line.say(typed("block", 0, "x"))
		r.server.Wait()
		require.Empty(t, r.entered, "a handler began after Stop")
	})
}

// mute is a peer that does not read.
func mute(r *rig) func() (io.ReadWriteCloser, error) {
	return func() (io.ReadWriteCloser, error) {
		h := &host{}
		h.near, h.Conn = net.Pipe()
		r.line = h
		return h.near, nil
	}
}

// A peer that does not read holds up neither Stop nor, for longer than a
// second, the goroutine: in the greeting, in the echo, in an answer.
func TestStopWithPeerThatDoesNotRead(t *testing.T) {
	read := func(t *testing.T, r *rig, n int) {
		_, err := io.ReadFull(r.line.Conn, make([]byte, n))
		must(t, err)
	}
	for _, opened := range []bool{true, false} {
		setUp := func(t *testing.T, r *rig) {
			cfg := Config{Open: mute(r)}
			if !opened {
				h, _ := mute(r)()
				cfg = Config{Stream: h}
			}
			r.server = New(cfg)
			must(t, r.server.Start(r.pc))
			synctest.Wait()
		}
		stopped := func(t *testing.T, r *rig, within time.Duration) {
			began := time.Now()
			must(t, r.server.Stop(r.pc))
			require.Zero(t, time.Since(began))
			r.server.Wait()
			require.LessOrEqual(t, time.Since(began), within+pollInterval)
		}
		bubble(t, Config{}, nil, func(t *testing.T, r *rig) {
			setUp(t, r)
			stopped(t, r, 0)
		})
		bubble(t, Config{}, nil, func(t *testing.T, r *rig) {
			setUp(t, r)
			read(t, r, len(prompt))
			_, err := r.line.Conn.Write([]byte("e"))
			must(t, err)
			synctest.Wait()
			stopped(t, r, 0)
		})
		bubble(t, Config{}, nil, func(t *testing.T, r *rig) { // stopped while the answer is written
			setUp(t, r)
			read(t, r, len(prompt))
			line := typed("echo", 0, "x")
			_, err := r.line.Conn.Write([]byte(line))
			must(t, err)
			read(t, r, len(line)+1)
			synctest.Wait()
			stopped(t, r, stopTimeout)
		})
		bubble(t, Config{}, nil, func(t *testing.T, r *rig) { // stopped before
			setUp(t, r)
			read(t, r, len(prompt))
			line := typed("block", 0, "x")
			_, err := r.line.Conn.Write([]byte(line))
			must(t, err)
			read(t, r, len(line)+1)
			<-r.entered
			must(t, r.server.Stop(r.pc))
			time.Sleep(time.Hour)
			r.release <- struct{}{}
			began := time.Now()
			r.server.Wait()
			require.Equal(t, stopTimeout, time.Since(began).Truncate(stopTimeout))
			require.LessOrEqual(t, time.Since(began), stopTimeout+pollInterval)
		})
	}
}
