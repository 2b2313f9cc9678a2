// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/test/fakegatt"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// after lets time pass, and all that happens in it happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// connected reports whether a connection lives.
func (r *rig) connected(c ble.Conn) bool {
	r.s.mu.Lock()
	v := r.s.on
	r.s.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.find(c) != nil
}

// endsIn reports whether a connection ends after exactly that time.
func (r *rig) endsIn(c ble.Conn, d time.Duration) {
	r.Helper()
	after(d - 1)
	require.True(r, r.connected(c), "too early")
	after(1)
	require.False(r, r.connected(c), "too late")
}

func one(t testing.TB) *sec1.Security {
	s, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	require.NoError(t, err)
	return s
}

// shake sends handshake messages of a client that knows the secret, n of two.
func (r *rig) shake(c ble.Conn, n int) {
	r.Helper()
	phone, err := sec1.NewClient(sec1.Config{PoP: "abcd1234"})
	require.NoError(r, err)
	req, _, err := phone.Step(nil)
	for i := range n {
		require.NoError(r, err)
		require.NoError(r, r.p.Write(c, charSession, req))
		if i < n-1 {
			req, _, err = phone.Step([]byte(r.read(c, charSession)))
		}
	}
}

// The attack: a client connects and does nothing. It is disconnected after a minute,
// which is told like every other end; the next one has a minute of its own.
func TestSilentClientIsDisconnected(t *testing.T) {
	for _, sec := range []protocomm.Security{sec0.New(), one(t), nil} {
		bubble(t, sec, func(r *rig) {
			c := r.start()
			r.endsIn(c, time.Minute)
			require.Equal(t, []string{"{true 1 reason 0}", "{false 1 terminated by local host (22)}"}, r.taken())
			after(40 * time.Second)
			c = r.connect()
			r.endsIn(c, time.Minute)
			require.Zero(t, len(r.s.on.clients))
		})
	}
}

// What a client asks gives it a minute more, from the answer on: the version, and a
// part of a handshake. Reading, which tells nothing new, does not, nor what is refused
// before it is a request.
func TestWhoAsksHasAnotherMinute(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		c := r.start()
		after(59 * time.Second)
		require.NoError(t, r.p.Write(c, charVersion, []byte("v")))
		after(59 * time.Second)
		r.read(c, charVersion)
		r.endsIn(c, time.Second)

		c = r.connect()
		r.shake(c, 1)
		after(59 * time.Second)
		require.NoError(t, r.p.Write(c, charEcho, nil), "an empty write is none")
		r.endsIn(c, time.Second)

		c = r.connect()
		after(59 * time.Second)
		require.ErrorIs(t, r.p.Write(c, charEcho, []byte("x")), ble.ATTInvalidPDU, "no session")
		r.endsIn(c, time.Minute)
	})
}

// A client with an established session is never disconnected, however long it is
// silent; under a security without handshakes, one that was answered something.
func TestEstablishedSessionMayBeSilent(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		c := r.start()
		r.shake(c, 2)
		after(48 * time.Hour)
		require.True(t, r.connected(c))
	})
	for name, served := range map[int]bool{charVersion: false, charEcho: true, charSession: false, charUnserved: false} {
		bubble(t, sec0.New(), func(r *rig) {
			c := r.start()
			_ = r.p.Write(c, name, []byte("x")) // no message of a handshake
			after(time.Hour)
			require.Equal(t, served, r.connected(c), "%d", name)
		})
	}
}

// A session that was closed, to make room for others for instance, counts as none: its
// client has up to two minutes to ask for a new one.
func TestClosedSessionCountsAsNone(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		c := r.start()
		r.shake(c, 2)
		after(time.Hour + 10*time.Second) // 10 s after a look at it
		require.NoError(t, r.p.Write(c, charEcho, []byte("to security 1 every text is one")))
		synctest.Wait() // the server looks at the session after the answer
		require.NoError(t, r.pc.CloseSession(session(c)))
		r.endsIn(c, 110*time.Second)

		c = r.connect()
		r.shake(c, 2)
		after(time.Hour + 10*time.Second)
		require.NoError(t, r.pc.CloseSession(session(c)))
		r.shake(c, 1)
		r.endsIn(c, time.Minute)

		c = r.connect()
		r.shake(c, 2)
		after(time.Hour + 10*time.Second)
		require.NoError(t, r.pc.CloseSession(session(c)))
		r.shake(c, 2)
		after(time.Hour)
		require.True(t, r.connected(c))
	})
}

// Whatever a client asks, it has five minutes to establish a session, and again when
// it has lost its own.
func TestFiveMinutesForASession(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		c := r.start()
		ask := func() { require.NoError(t, r.p.Write(c, charVersion, []byte("v"))) }
		for range 5 {
			after(59 * time.Second)
			ask()
		}
		r.endsIn(c, 5*time.Second)

		c = r.connect()
		for range 5 {
			after(59 * time.Second)
			r.shake(c, 1)
		}
		r.shake(c, 2)
		after(time.Hour)
		require.True(t, r.connected(c))
		require.NoError(t, r.pc.CloseSession(session(c)))
		for n := 0; r.connected(c); n++ {
			require.Less(t, n, 10)
			ask()
			after(30 * time.Second)
		}
	})
}

// A request that is being handled is not broken off, however long it takes, whichever
// time is up meanwhile.
func TestWhoIsAnsweredIsNotSilent(t *testing.T) {
	for _, d := range []time.Duration{61 * time.Second, 299 * time.Second, 301 * time.Second, time.Hour} {
		for _, request := range []string{"x", "fail"} {
			bubble(t, sec0.New(), func(r *rig) {
				c := r.start()
				r.hook = func() { time.Sleep(d) }
				began := time.Now()
				err := r.p.Write(c, charEcho, []byte(request))
				require.Equal(t, d, time.Since(began))
				synctest.Wait()
				if request == "x" {
					require.NoError(t, err)
					after(time.Hour)
					require.True(t, r.connected(c))
					return
				}
				require.ErrorIs(t, err, ble.ATTInvalidPDU)
				switch {
				case d > 5*time.Minute: // which are over
					require.False(t, r.connected(c))
				case d == 299*time.Second:
					r.endsIn(c, time.Second)
				default:
					r.endsIn(c, time.Minute)
				}
			})
		}
	}
}

// The time is an option, and so is that there is none.
func TestIdleTimeoutIsAnOption(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		r.s = New(r.p, Config{IdleTimeout: 7 * time.Second})
		c := r.start()
		r.endsIn(c, 7*time.Second)
		require.NoError(t, r.s.Stop(r.pc))

		r.s = New(r.p, Config{IdleTimeout: -1, Clock: brokenClock{t}})
		c = r.start()
		after(24 * time.Hour)
		require.NoError(t, r.p.Write(c, charVersion, []byte("v")))
		after(24 * time.Hour)
		require.True(t, r.connected(c))
	})
}

type brokenClock struct{ t *testing.T }

func (c brokenClock) AfterFunc(time.Duration, func()) hal.Timer {
	c.t.Error("a timer was armed")
	return nil
}

// counting is a clock that knows how many timers are pending.
type counting struct {
	mu      sync.Mutex
	pending int
}

func (c *counting) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending += n
}

// count returns how many timers are pending when all that happens has happened.
func (c *counting) count() int {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending
}

func (c *counting) AfterFunc(d time.Duration, fn func()) hal.Timer {
	c.add(1)
	return &counted{c, hal.SystemClock{}.AfterFunc(d, func() { c.add(-1); fn() })}
}

type counted struct {
	c *counting
	hal.Timer
}

func (t *counted) Stop() bool {
	was := t.Timer.Stop()
	if was {
		t.c.add(-1)
	}
	return was
}

// No timer outlives its connection or the service, and there are never more than two
// for one.
func TestTimersEndWithTheirConnection(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		clock := &counting{}
		r.s = New(r.p, Config{Clock: clock})
		c := r.start()
		for range 4 {
			r.shake(c, 1)
			require.Equal(t, 2, clock.count())
			after(50 * time.Second)
		}
		r.shake(c, 2)
		other := r.connect()
		after(time.Hour)
		require.False(t, r.connected(other))
		require.Equal(t, 2, clock.count())
		r.p.HangUp(c, ble.ReasonRemoteUser)
		require.Zero(t, clock.count())
		r.connect()
		r.connect()
		require.Equal(t, 4, clock.count())
		require.NoError(t, r.s.Stop(r.pc))
		require.Zero(t, clock.count())
	})
}

// stack is a peripheral that does not always disconnect, and knows of pairings.
type stack struct {
	*fakegatt.Peripheral
	fails   error
	pairing bool
	orders  int
}

func (s *stack) Disconnect(c ble.Conn, reason ble.HCIReason) error {
	s.orders++
	if s.fails != nil {
		return s.fails
	}
	return s.Peripheral.Disconnect(c, reason)
}

func (s *stack) Pairing(ble.Conn) bool { return s.pairing }

// A connection that the stack does not end is ended a minute later; a client that pairs
// is not disconnected, for up to five minutes.
func TestStackThatDoesNotDisconnect(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		s := &stack{Peripheral: r.p, fails: errors.New("busy")}
		r.s = New(s, Config{})
		c := r.start()
		after(time.Minute)
		require.True(t, r.connected(c))
		require.Equal(t, 1, s.orders)
		s.fails = nil
		r.endsIn(c, time.Minute)

		s.pairing = true
		c = r.connect()
		after(2*time.Minute + time.Second)
		s.pairing = false
		r.endsIn(c, 59*time.Second)
		s.pairing = true
		c = r.connect()
		r.endsIn(c, 5*time.Minute)
	})
}

// slow is a security whose handshakes take their time.
type slow struct {
	protocomm.Security
	hook func()
}

type slowSession struct {
	protocomm.Session
	s *slow
}

func (s *slow) NewSession() (protocomm.Session, error) {
	sess, err := s.Security.NewSession()
	return &slowSession{sess, s}, err
}

func (s *slowSession) Handshake(dst, req []byte) ([]byte, error) {
	if s.s.hook != nil {
		s.s.hook()
	}
	return s.Session.Handshake(dst, req)
}

// The session is established just when five minutes are over: it counts. When it is
// lost later, the client has five minutes again.
func TestSessionAtTheLastMoment(t *testing.T) {
	sec := &slow{Security: one(t)}
	bubble(t, sec, func(r *rig) {
		c := r.start()
		ask := func() { require.NoError(t, r.p.Write(c, charVersion, []byte("v"))) }
		for range 5 {
			after(59 * time.Second)
			ask()
		}
		after(4 * time.Second)
		messages := 0
		sec.hook = func() {
			if messages++; messages == 2 {
				time.Sleep(2 * time.Second)
			}
		}
		r.shake(c, 2)
		after(time.Hour)
		require.True(t, r.connected(c))
		require.NoError(t, r.pc.CloseSession(session(c)))
		n := 0
		for ; r.connected(c); n++ {
			require.LessOrEqual(t, n, 5)
			ask()
			after(59 * time.Second)
		}
	})
}

// stubborn is a clock whose timers cannot be stopped any more.
type stubborn struct{ hal.SystemClock }

func (stubborn) AfterFunc(d time.Duration, fn func()) hal.Timer {
	return running{hal.SystemClock{}.AfterFunc(d, fn)}
}

type running struct{ hal.Timer }

func (running) Stop() bool { return false }

// A time that is over when it is stopped means nothing any more.
func TestTimesThatAreOverTooLate(t *testing.T) {
	bubble(t, one(t), func(r *rig) {
		r.s = New(r.p, Config{Clock: stubborn{}})
		c := r.start()
		after(59 * time.Second)
		require.NoError(t, r.p.Write(c, charVersion, []byte("v")))
		r.endsIn(c, time.Minute)
		after(50 * time.Second)
		c = r.connect() // uses what the one before has left
		r.endsIn(c, time.Minute)
	})
}
