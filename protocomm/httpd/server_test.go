// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Start and Stop (docs/spec/transports.md 1.1).

func TestStartCodes(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		require.ErrorIs(t, r.server.Start(nil), protocomm.ErrInvalidArg)
		require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidState)
		require.ErrorIs(t, r.server.Start(protocomm.New(protocomm.Config{})), protocomm.ErrNotSupported)
		require.Equal(t, "200 "+versionText, r.dial().outcome(post("/proto-ver", "x")))
	})
}

func TestStopCodes(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig()
		require.ErrorIs(t, r.server.Stop(r.pc), protocomm.ErrInvalidArg)
		r.start()
		require.ErrorIs(t, r.server.Stop(nil), protocomm.ErrInvalidArg)
		require.ErrorIs(t, r.server.Stop(protocomm.New(protocomm.Config{})), protocomm.ErrInvalidArg)
		require.Equal(t, "200 "+versionText, r.dial().outcome(post("/proto-ver", "x")))
		must(t, r.server.Stop(r.pc))
		require.ErrorIs(t, r.server.Stop(r.pc), protocomm.ErrInvalidArg)
	})
}

func TestListenError(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t)
		taken, err := r.net.Listen()
		must(t, err)
		err = r.server.Start(r.pc)
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.Nil(t, r.server.Addr())
		must(t, taken.Close())
		r.start()
		require.Equal(t, "192.168.4.1:80", r.server.Addr().String())
	})
}

// The name of an endpoint has to be a path, or nobody could reach it.
func TestEndpointNames(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		echo := func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }
		long := strings.Repeat("n", 511)
		bad := []string{"a b", "a?b", "a#b", "a\r\nb", "tab\t", "\x7f", long + "n"}
		r := newRig().open()
		for _, name := range bad {
			must(t, r.pc.AddEndpoint(name, echo))
			require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidArg, name)
			require.Nil(t, r.server.Addr())
			must(t, r.pc.RemoveEndpoint(name))
		}
		r.start()
		for _, name := range bad {
			require.ErrorIs(t, r.pc.AddEndpoint(name, echo), protocomm.ErrInvalidArg, name)
			require.ErrorIs(t, CheckName(name), protocomm.ErrInvalidArg)
		}
		p := r.dial()
		require.Equal(t, "200 session=1 x", p.outcome(post("/echo", "x")))
		for _, name := range []string{long, "a/b", "a.b", "{a}", "a{b}...", "a:b", "~a", "(a)", "a+b", "$"} {
			must(t, CheckName(name))
			must(t, r.pc.AddEndpoint(name, echo))
			require.Equal(t, "200 y", p.outcome(post("/"+name, "y")), name)
		}
	})
}

// Stop closes the listener and what is idle at once.
func TestStopClosesIdle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		fresh := r.dial()
		used := r.dial()
		used.shake(1)
		header := r.dial().send("POST /ec")
		body := r.dial().send("POST /proto-ver HTTP/1.1\r\nContent-Length: 5\r\n\r\n12")
		lingering := r.dial().send(post("/nothing", "x"))
		lingering.got()
		must(t, r.server.Stop(r.pc))
		for _, p := range []*peer{fresh, used, header, body, lingering} {
			require.Empty(t, p.got())
			require.Zero(t, p.age())
		}
		_, err := r.net.DialContext(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Nil(t, r.server.Addr())
		open, _ := r.pc.Sessions()
		require.Zero(t, open)
		r.server.Wait()
		require.Zero(t, time.Since(fresh.dialedAt))
	})
}

// A running handler's answer is written; then its connection is closed. Stop
// does not wait for it.
func TestStopLetsAnswerOut(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		var ended []protocomm.SessionID
		r := newRig(func(_ *rig, c *protocomm.Config, _ *Config) {
			c.OnSessionClose = func(id protocomm.SessionID) { ended = append(ended, id) }
		}).start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		require.Empty(t, p.outcome(post("/block", "s:x")))
		// A second request of the session waits for its turn, a third in the
		// pipeline of the first.
		waiting := r.dial()
		require.Empty(t, waiting.outcome(echo(cookie(1))))
		p.send(echo())

		must(t, r.server.Stop(r.pc))
		require.Equal(t, "closed", waiting.outcome(""))
		time.Sleep(time.Hour)
		require.False(t, p.closed())
		r.release <- struct{}{}
		require.Equal(t, "200 s:done closed", p.outcome(""))
		require.Equal(t, "block", r.called())
		r.server.Wait()
		require.Equal(t, []protocomm.SessionID{1}, ended)
	})
}

// Stop may be called from a handler, whose answer is still written.
func TestStopInsideHandler(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open()
		must(t, r.pc.AddEndpoint("end", func(protocomm.SessionID, []byte) ([]byte, error) {
			return []byte("bye"), r.server.Stop(r.pc)
		}))
		r.start()
		p := r.dial()
		require.Equal(t, "200 session=1 bye closed", p.outcome(post("/end", "x")))
		r.server.Wait()
		require.Zero(t, p.age())
	})
}

// Wait sees handlers of the time before, too.
func TestWaitForEarlierRuns(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		r.dial().send(post("/block", "x"))
		for range 2 {
			must(t, r.server.Stop(r.pc))
			must(t, r.server.Start(r.pc))
		}
		must(t, r.server.Stop(r.pc))
		over := make(chan struct{})
		go func() {
			r.server.Wait()
			close(over)
		}()
		synctest.Wait()
		select {
		case <-over:
			t.Fatal("a handler is running")
		default:
		}
		r.release <- struct{}{}
		<-over
	})
}

// A client that does not take its last answer holds the server up for 1 s.
func TestStopShortensWrite(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open()
		r.net.Buffer = 1000
		r.start()
		writing := r.dialDeaf()
		writing.send(post("/big", "x"))
		handling := r.dialDeaf()
		must(t, r.pc.AddEndpoint("big2", func(protocomm.SessionID, []byte) ([]byte, error) {
			<-r.release
			return make([]byte, 5000), nil
		}))
		handling.send(post("/big2", "x"))
		time.Sleep(2 * time.Second)
		start := time.Now()
		must(t, r.server.Stop(r.pc))
		close(r.release)
		r.server.Wait()
		require.Equal(t, time.Second, time.Since(start))
	})
}

// Start, stop and start again, with other instances and with the same.
func TestQT24_StartAgain(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open()
		mux := r.closing != nil
		for i := range 3 {
			must(t, r.pc.AddEndpoint("custom", func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("custom"), nil }))
			must(t, r.server.Start(r.pc))
			p := r.dial()
			require.Contains(t, p.outcome(post("/custom", "x")), " custom")
			must(t, r.server.Stop(r.pc))
			if mux { // the application's server goes on
				for _, path := range []string{"/custom", "/prov-session", "/proto-ver"} {
					require.Equal(t, "404 closed", r.dial().outcome(post(path, "x")), path)
				}
			}
			must(t, r.pc.RemoveEndpoint("custom"))
			if i == 1 { // a new instance, and a new server: Deinit and Init
				r.server.Wait()
				r.pc = r.newInstance(protocomm.Config{})
				r.open()
				r.server = New(r.server.cfg)
			}
		}
		r.start()
		if mux {
			require.Equal(t, "404 closed", r.dial().outcome(post("/custom", "x")), "endpoint gone")
		}
		r.dial().outcome(post("/echo", "x"))
	})
}

// The session of the time before is over.
func TestStopEndsSessions(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		must(t, r.server.Stop(r.pc))
		must(t, r.server.Start(r.pc))
		require.Equal(t, "closed", r.dial().outcome(echo(cookie(1))))
		require.Equal(t, "200 session=2 hi", r.dial().outcome(hello(cookie(1))))
	})
}

// faulty is a listener that misbehaves as told.
type faulty struct {
	net.Listener
	mu         sync.Mutex
	acceptErrs []error
	closeErrs  []error
	accepted   []time.Time
}

func (f *faulty) Accept() (net.Conn, error) {
	f.mu.Lock()
	f.accepted = append(f.accepted, time.Now())
	if len(f.acceptErrs) > 0 {
		err := f.acceptErrs[0]
		f.acceptErrs = f.acceptErrs[1:]
		f.mu.Unlock()
		return nil, err
	}
	f.mu.Unlock()
	return f.Listener.Accept()
}

// again sets the errors to come and returns the times of the calls of Accept so
// far.
func (f *faulty) again(errs ...error) []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	accepted := f.accepted
	f.accepted, f.acceptErrs = nil, errs
	return accepted
}

func (f *faulty) Close() error {
	if len(f.closeErrs) > 0 {
		err := f.closeErrs[0]
		f.closeErrs = f.closeErrs[1:]
		return err
	}
	return f.Listener.Close()
}

func newFaulty(r *rig, f *faulty) option {
	return func(r *rig, _ *protocomm.Config, c *Config) {
		c.Listen = func() (net.Listener, error) {
			l, err := r.net.Listen()
			f.Listener = l
			return f, err
		}
	}
}

// Errors of Accept pass; the pauses grow from 5 ms to 1 s.
func TestAcceptErrors(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		f := &faulty{}
		for range 10 {
			f.acceptErrs = append(f.acceptErrs, syscall.EMFILE)
		}
		r := newRig(t, newFaulty(nil, f)).start()
		p := r.dial()
		time.Sleep(time.Minute)
		p.says(post("/proto-ver", "x"), ok(versionText))
		// After a success they begin anew.
		accepted := f.again(syscall.EMFILE, syscall.EMFILE)
		var pauses []time.Duration
		for i := range 10 {
			pauses = append(pauses, accepted[i+1].Sub(accepted[i])/time.Millisecond)
		}
		require.Equal(t, []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000}, pauses)
		require.Contains(t, r.logged(), "too many open files")
		start := time.Now()
		r.dial() // taken by the Accept that was waiting
		time.Sleep(time.Minute)
		require.Equal(t, []time.Time{start, start.Add(5 * time.Millisecond), start.Add(15 * time.Millisecond)}, f.again())
	})
}

func TestStopDuringAcceptPause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, newFaulty(nil, &faulty{acceptErrs: []error{syscall.EMFILE}})).start()
		synctest.Wait()
		start := time.Now()
		must(t, r.server.Stop(r.pc))
		r.server.Wait()
		require.Zero(t, time.Since(start))
	})
}

// Somebody else closes the listener: nothing spins, and Stop works.
func TestListenerClosedByOthers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		f := &faulty{}
		r := newRig(t, newFaulty(nil, f)).start()
		must(t, f.Listener.Close())
		synctest.Wait()
		require.Contains(t, r.logged(), "somebody else closed")
		must(t, r.server.Stop(r.pc))
		r.server.Wait()
	})
}

// slowClose is a listener whose Accept sees that it is closed before Close returns.
type slowClose struct{ net.Listener }

func (l slowClose) Close() error {
	err := l.Listener.Close()
	synctest.Wait()
	return err
}

// An ordinary stop is not taken for that.
func TestStopIsNoTrouble(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(r *rig, _ *protocomm.Config, cfg *Config) {
			cfg.Listen = func() (net.Listener, error) {
				l, err := r.net.Listen()
				return slowClose{l}, err
			}
		}).start()
		must(t, r.server.Stop(r.pc))
		r.server.Wait()
		require.Empty(t, r.logged())
	})
}

// A listener that cannot be closed leaves everything as it is, and Stop can be
// repeated.
func TestQT33_StopFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		broken := errors.New("stuck")
		r := newRig(t, newFaulty(nil, &faulty{closeErrs: []error{broken}})).start()
		require.ErrorIs(t, r.server.Stop(r.pc), broken)
		require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidState)
		r.dial().says(post("/proto-ver", "x"), ok(versionText))
		must(t, r.server.Stop(r.pc))
		r.server.Wait()
	})
}

// A panic of a handler costs its client the connection, and nobody else
// anything.
func TestHandlerPanics(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p, other := r.dial(), r.dial()
		p.outcome(hello())
		p.outcome(password())
		other.outcome(hello())
		other.outcome(password())
		require.Equal(t, "closed", p.outcome(post("/panic", "s:x")))
		require.Equal(t, "200 s:x", other.outcome(echo()))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))), "the session goes on")
		require.Contains(t, r.logged(), "an endpoint's handler panicked endpoint=panic panic=boom stack=goroutine")
	})
}

// A handler that ends its goroutine, as t.FailNow does, leaves no turn taken and no
// connection behind.
func TestGoexitInHandler(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig()
		must(t, r.pc.AddEndpoint("exit", func(protocomm.SessionID, []byte) ([]byte, error) {
			runtime.Goexit()
			return nil, nil
		}))
		r.start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		require.Equal(t, "closed", p.outcome(post("/exit", "s:x")))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
		must(t, r.server.Stop(r.pc))
		r.server.Wait()
	})
}

// A handler that stops the service and panics then.
func TestPanicAfterStop(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig()
		must(t, r.pc.AddEndpoint("stop", func(protocomm.SessionID, []byte) ([]byte, error) {
			must(t, r.server.Stop(r.pc))
			panic("boom")
		}))
		r.open().start()
		require.Equal(t, "closed", r.dial().outcome(post("/stop", "x")))
		r.server.Wait()
		require.NoError(t, r.server.Start(r.pc))
		require.Contains(t, r.dial().outcome(post("/echo", "x")), "200 ")
	})
}

func TestPanicWithoutLogger(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, p *protocomm.Config, c *Config) { c.Logger, p.Logger = nil, nil }).open().start()
		r.dial().dropped(post("/panic", "x"))
		r.dial().says(post("/echo", "x"), okNew(2, "x"))
	})
}

func TestDefaults(t *testing.T) {
	s := New(Config{MaxConns: -1, MaxHeader: -1})
	require.Equal(t, 8, s.cfg.MaxConns)
	require.Equal(t, 1024, s.cfg.MaxHeader)
	require.NotNil(t, s.cfg.Listen)
	require.NotNil(t, s.cfg.Random)
	s.Wait() // never started
}
