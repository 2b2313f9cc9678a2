// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// Who is where decides who may use a session, and who makes room.

func TestPlaces(t *testing.T) {
	tcp := func(ip, zone string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1, Zone: zone} }
	equal := [][2]place{
		{placeOf(tcp("192.168.4.2", "")), placeOf(&net.TCPAddr{IP: net.IPv4(192, 168, 4, 2), Port: 9})},
		{placeOf(tcp("192.168.4.2", "")), placeNamed("192.168.4.2:40")},
		{placeNamed("[::ffff:192.168.4.2]:40"), placeNamed("192.168.4.2")},
		{placeNamed("[::FFFF:c0a8:402]:40"), placeNamed("192.168.4.2:8")},
		{placeOf(tcp("fe80::1", "wlan0")), placeNamed("[fe80::1%wlan0]:7")},
		{placeNamed("[2001:db8::1]:7"), placeNamed("2001:db8:0::1")},
		{placeNamed("phone:1"), placeNamed("phone:2")},
		{placeNamed("@"), placeOf(&net.UnixAddr{Name: "@", Net: "unix"})},
		{placeOf(nil), placeNamed("")},
		{placeOf((*net.TCPAddr)(nil)), place{}},
	}
	for i, p := range equal {
		require.True(t, p[0] == p[1], "%d: %v", i, p)
		require.Equal(t, p[0].source(), p[1].source())
	}
	differ := [][2]place{
		{placeNamed("192.168.4.2:1"), placeNamed("192.168.4.3:1")},
		{placeNamed("[fe80::1%wlan0]:7"), placeNamed("[fe80::1%eth0]:7")},
		{placeNamed("[::1]:7"), placeNamed("127.0.0.1:7")},
		{placeNamed("@a"), placeNamed("@b")},
	}
	for i, p := range differ {
		require.False(t, p[0] == p[1], "%d: %v", i, p)
		require.NotEqual(t, p[0].source(), p[1].source())
	}
	require.Equal(t, protocomm.Source("192.168.4.2"), placeNamed("[::ffff:192.168.4.2]:1").source())
	require.Equal(t, protocomm.Source("phone"), placeNamed("phone:1").source())
}

// From elsewhere a cookie is as good as one that was never given, and leaves the
// session as it is.
func TestCookieFromElsewhere(t *testing.T) {
	for _, owner := range []string{"192.168.4.2", "fe80::2%wlan0"} {
		everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
			r := newRig().start()
			p := r.dialFrom(owner)
			require.Equal(t, "200 session=1 hi", p.outcome(hello()))
			require.Equal(t, "200 welcome", p.outcome(password()))
			for _, elsewhere := range []string{"192.168.4.3", "fe80::2%eth0", "fe80::2", "2001:db8::1"} {
				require.Equal(t, "closed", r.dialFrom(elsewhere).outcome(echo(cookie(1))), elsewhere)
				require.Equal(t, "closed", r.dialFrom(elsewhere).outcome(password(cookie(1))))
				require.Equal(t, "closed", r.dialFrom(elsewhere).outcome(post("/prov-session", "wrong", cookie(1))))
			}
			require.Empty(t, r.called())
			// A handshake opens a session of the stranger's own.
			stranger := r.dialFrom("192.168.4.3")
			unknown := stranger.outcome(hello(cookie(99)))
			require.Contains(t, unknown, "200 session=")
			require.Contains(t, r.dialFrom("192.168.4.3").outcome(hello(cookie(1))), "200 session=")
			// The connection still stands for its owner, as nobody used the cookie.
			require.Equal(t, "200 s:1", p.outcome(post("/who", "s:")))
			require.Equal(t, "200 s:1", r.dialFrom(owner).outcome(post("/who", "s:", cookie(1))))
		})
	}
	// An IPv4 address is the same in either form.
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		require.Equal(t, "200 session=1 hi", r.dialFrom("192.168.4.2").outcome(hello()))
		require.Equal(t, "200 welcome", r.dialFrom("::ffff:192.168.4.2").outcome(password(cookie(1))))
	})
}

// A cookie heard by a stranger does not keep a session from going when it is the
// least used.
func TestCookieFromElsewhereIsNoUse(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig(func(_ *rig, c *protocomm.Config, _ *Config) { c.MaxSessions = 2 }).start()
		for i := range 2 {
			p := r.dial()
			require.Contains(t, p.outcome(hello()), " hi")
			require.Equal(t, "200 welcome", p.outcome(password(cookie(1+i))))
		}
		require.Equal(t, "closed", r.dialFrom("192.168.4.9").outcome(echo(cookie(1))))
		require.Equal(t, "200 session=3 hi", r.dial().outcome(hello()))
		require.Equal(t, "closed", r.dial().outcome(echo(cookie(1))))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(2))))
	})
}

// TestKeyStreamAttack is the attack on security 1: somebody hears the cookie,
// sends one byte after the other to an endpoint whose answer is known, and has
// the key stream of what the owner sends next.
func TestKeyStreamAttack(t *testing.T) {
	const answer, passphrase = "accepted", "the passphrase of the home network!!"
	attack := func(t *testing.T, r *rig, attacker, path string, requests int) {
		sec, err := sec1.New(sec1.Config{PoP: "abcd1234", Rand: constant(7)})
		must(t, err)
		must(t, r.pc.UnsetSecurity("prov-session"))
		must(t, r.pc.SetSecurity("prov-session", sec))
		must(t, r.pc.AddEndpoint("constant", func(protocomm.SessionID, []byte) ([]byte, error) { return []byte(answer), nil }))
		must(t, r.pc.AddEndpoint("strict", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			if req[0]%4 > 0 {
				return nil, protocomm.ErrDecode
			}
			return []byte(answer), nil
		}))
		r.start()

		owner, err := sec1.NewClient(sec1.Config{PoP: "abcd1234", Rand: constant(9)})
		must(t, err)
		p := r.dial()
		said := func(request string) string {
			_, body, _ := bytes.Cut([]byte(p.send(request).got()), []byte("\r\n\r\n"))
			return string(body)
		}
		var resp []byte
		for {
			req, done, err := owner.Step(resp)
			must(t, err)
			if done {
				break
			}
			resp = []byte(said(post("/prov-session", string(req))))
		}
		require.False(t, p.closed())

		// Each answer of 8 known bytes gives 8 bytes of the stream at its place; the
		// owner, whose stream is elsewhere, sends his passphrase at the place of his
		// own counter: right at the beginning of what was used up.
		stream := map[int]byte{}
		at := 0
		for range requests {
			at++ // the attacker's byte
			_, body, _ := bytes.Cut([]byte(r.dialFrom(attacker).send(post(path, "x", cookie(1))).got()), []byte("\r\n\r\n"))
			for i, c := range body {
				stream[at+i] = c ^ answer[i]
			}
			at += len(body)
		}
		secret, err := owner.Encrypt(nil, []byte(passphrase))
		must(t, err)
		read := 0
		for i, c := range secret {
			if k, known := stream[i]; known && c^k == passphrase[i] {
				read++
			}
		}
		require.Zero(t, read, "bytes of the passphrase that were read")
	}
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		attack(t, newRig(), "192.168.4.66", "/constant", 14)
	})
	// From the owner's own address, as behind one NAT, there is one attempt to hit
	// what an endpoint decodes, not any number.
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		attack(t, newRig(), "192.168.4.2", "/strict", 30)
	})
}

// constant is a random source that is none.
type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// Its owner can begin anew, under the same cookie, when somebody else's bytes have
// ended a session.
func TestUndecodableRequestEndsSession(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig()
		must(t, r.pc.UnsetSecurity("prov-session"))
		must(t, r.pc.SetSecurity("prov-session", malleable{}))
		must(t, r.pc.AddEndpoint("strict", func(protocomm.SessionID, []byte) ([]byte, error) {
			return nil, fmt.Errorf("strict: %w", protocomm.ErrDecode)
		}))
		r.start()
		p := r.dial()
		require.Equal(t, "200 session=1 hi", p.outcome(hello()))
		require.Equal(t, "200 welcome", p.outcome(password()))
		require.Equal(t, "closed", r.dial().outcome(post("/fail", "s:x", cookie(1))))
		require.Equal(t, "200 s:x", p.outcome(echo(cookie(1))), "any other failure")
		require.Equal(t, "closed", r.dial().outcome(post("/strict", "s:x", cookie(1))))
		require.Equal(t, "closed", p.outcome(echo(cookie(1))))
		require.Equal(t, "200 hi", r.dial().outcome(hello(cookie(1))))
		require.Equal(t, "200 welcome", r.dial().outcome(password(cookie(1))))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
	})
}

// malleable is toy, without integrity.
type malleable struct{ toy }

func (malleable) Malleable() bool { return true }

// A session whose connection is gone is forgotten after 10 minutes, when another
// one is opened; one whose client is connected is not.
func TestIdleSessionsAreForgotten(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		shake := func(id int) *peer {
			p := r.dialFrom(fmt.Sprint("192.168.4.", id+1))
			require.Equal(t, fmt.Sprintf("200 session=%d hi", id), p.outcome(hello()))
			require.Equal(t, "200 welcome", p.outcome(password(cookie(id))))
			return p
		}
		gone, stays, moved := shake(1), shake(2), shake(3)
		gone.nc.Close()
		moved.nc.Close()
		synctest.Wait()
		time.Sleep(forgetAfter - time.Second)
		p := r.dialFrom("192.168.4.4") // the cookie's client comes back
		require.Equal(t, "200 s:x", p.outcome(echo(cookie(3))))
		shake(4)
		open, _ := r.pc.Sessions()
		require.Equal(t, 4, open)
		time.Sleep(time.Second)
		shake(5)
		require.Equal(t, "closed", r.dialFrom("192.168.4.2").outcome(echo(cookie(1))))
		require.Equal(t, "200 s:x", r.dialFrom("192.168.4.4").outcome(echo(cookie(3))))
		if r.closing != nil { // net/http does not tell of connections that end
			return
		}
		open, _ = r.pc.Sessions()
		require.Equal(t, 4, open)
		require.Equal(t, "200 s:x", stays.outcome(echo(cookie(2))))
	})
}

// storm sends what begins a handshake, 30 times a second, from connections of its
// own, until the test ends.
func (r *rig) storm(ip string, request func() string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for ctx.Err() == nil {
			if nc, err := r.net.DialFrom(ctx, netip.MustParseAddr(ip)); err == nil {
				_, _ = nc.Write([]byte(request()))
				time.AfterFunc(5*time.Second, func() { nc.Close() })
			}
			time.Sleep(time.Second / 30)
		}
	}()
	return func() {
		cancel()
		<-over
		time.Sleep(6 * time.Second) // the last connections
	}
}

// One source that begins handshakes as fast as it can ends nobody's but its own,
// whether the table is empty or full.
func TestStormFromOneSource(t *testing.T) {
	for _, established := range []int{0, 6, 7, 8} {
		everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
			r := newRig().start()
			for i := range established {
				p := r.dialFrom(fmt.Sprint("192.168.4.", 100+i))
				require.Contains(t, p.outcome(hello()), " hi")
				require.Equal(t, "200 welcome", p.outcome(password()))
			}
			stop := r.storm("192.168.4.66", func() string { return hello() })
			defer stop()
			time.Sleep(10 * time.Second)
			p := r.dial()
			require.Contains(t, p.outcome(hello()), " hi")
			second := r.dialFrom("192.168.4.3")
			require.Contains(t, second.outcome(hello()), " hi")
			time.Sleep(20 * time.Second) // a slow phone, security 2
			require.Equal(t, "200 welcome", p.outcome(password()))
			require.Equal(t, "200 welcome", second.outcome(password()))
			for range 10 {
				time.Sleep(5 * time.Second)
				require.Equal(t, "200 s:x", p.outcome(echo()))
			}
			require.Equal(t, "200 s:x", second.outcome(echo()))
		})
	}
}

// Nor does one that goes on with the cookies of handshakes that made room.
func TestStormOfRevivedHandshakes(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		for i := range 10 {
			require.Equal(t, fmt.Sprintf("200 session=%d hi", i+1), r.dialFrom("192.168.4.66").outcome(hello()))
		}
		p := r.dial()
		require.Contains(t, p.outcome(hello()), " hi")
		for i := range 30 {
			r.dialFrom("192.168.4.66").outcome(hello(cookie(1 + i%10)))
		}
		require.Equal(t, "200 welcome", p.outcome(password()))
	})
}

// A second honest phone does not end the first one's handshake.
func TestHandshakesBesideIdleSessions(t *testing.T) {
	for _, second := range []string{"192.168.4.3", "192.168.4.2"} {
		everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
			r := newRig().start()
			for i := range 7 {
				p := r.dial()
				require.Contains(t, p.outcome(hello()), " hi")
				require.Equal(t, "200 welcome", p.outcome(password(cookie(1+i))))
				p.nc.Close()
			}
			a, b := r.dial(), r.dialFrom(second)
			require.Contains(t, a.outcome(hello()), " hi")
			require.Contains(t, b.outcome(hello()), " hi")
			require.Equal(t, "200 welcome", a.outcome(password()))
			require.Equal(t, "200 welcome", b.outcome(password()))
			require.Equal(t, "closed", r.dial().outcome(echo(cookie(1))), "the least used goes")
			require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(2))))
		})
	}
}

// One source that opens connections does not close another's, which is in the
// middle of a request.
func TestConnectionsOfOneSource(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		request := post("/echo", "12345")
		p := r.dial().send(request[:len(request)-3])
		idle := r.dialFrom("192.168.4.3")
		var strangers []*peer
		for range 100 {
			strangers = append(strangers, r.dialFrom("192.168.4.66").send("POST /echo HTTP/1.1\r\nX: ")) // slowly
		}
		require.Len(t, stillOpen(strangers), DefaultMaxConns-2)
		require.Equal(t, 94, stillOpen(strangers)[0], "the oldest go")
		require.Equal(t, "200 session=1 12345", p.outcome(request[len(request)-3:]))
		require.Equal(t, "200 session=2 x", idle.outcome(post("/echo", "x")))
	})
}

// Who has most connections makes room; one that is busy with handlers gets no more
// at the cost of others.
func TestConnectionsAreShared(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxConns = 4 }).open().start()
		a := []*peer{r.dialFrom("192.168.4.10"), r.dialFrom("192.168.4.10"), r.dialFrom("192.168.4.10")}
		b := r.dialFrom("192.168.4.11")
		c := r.dialFrom("192.168.4.12")
		require.Equal(t, []int{1, 2}, stillOpen(a))
		a[1].send(post("/block", "x"))
		a[2].send(post("/block", "x"))
		require.True(t, r.dialFrom("192.168.4.10").closed(), "the new one is refused")
		require.Equal(t, []int{0, 1}, stillOpen([]*peer{b, c}))
		d := r.dialFrom("192.168.4.13")
		require.Equal(t, []int{1, 2}, stillOpen([]*peer{b, c, d}), "all have one: the least used")
	})
}

// A connection to which everything is said goes first, whose ever it is.
func TestLingeringGoesFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxConns = 2 }).start()
		a := r.dialFrom("192.168.4.10")
		a.shake(1)
		r.dialFrom("192.168.4.11").send(post("/nothing", "x"))
		r.dialFrom("192.168.4.10").says(post("/proto-ver", ""), ok(versionText))
		a.says(echo(), ok("s:x"))
	})
}

// However many a source opens, what is known of another's handshake stays.
func TestKnownSessionsAreShared(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, c *protocomm.Config, _ *Config) { c.MaxHalfOpen, c.MaxSessions = 99, 100 })
		c := newCore(r.pc, &ids{random: &counter{}}, nil)
		ask := func(from string, id int, body string) (reply, error) {
			req := request{name: "prov-session", kind: protocomm.KindSecurity, from: placeNamed(from), body: []byte(body)}
			if id > 0 {
				req.cookies.ids[0], req.cookies.n, req.cookies.present = protocomm.SessionID(id), 1, true
			}
			return c.serve(nil, req)
		}
		_, err := ask("192.168.4.2", 0, "hello")
		must(t, err)
		for range 10 * maxKnown {
			_, err := ask("192.168.4.66", 0, "hello")
			must(t, err)
		}
		require.Len(t, c.sessions.byID, maxKnown)
		_, err = ask("192.168.4.2", 1, "password")
		must(t, err)
	})
}

// slow is a security whose handshake takes until it is let go.
type slow struct {
	toy
	entered, release chan struct{}
}

type slowSession struct {
	toySession
	of *slow
}

func (s *slow) NewSession() (protocomm.Session, error) { return &slowSession{of: s}, nil }

func (s *slowSession) Handshake(dst, req []byte) ([]byte, error) {
	if string(req) == "password" {
		s.of.entered <- struct{}{}
		<-s.of.release
	}
	return s.toySession.Handshake(dst, req)
}

// A session with a request under way is not dropped, though it is the oldest of
// those that are not established.
func TestBusySessionStays(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		sec := &slow{entered: make(chan struct{}, 1), release: make(chan struct{})}
		r := newRig(t, func(_ *rig, c *protocomm.Config, _ *Config) { c.MaxHalfOpen, c.MaxSessions = 99, 100 })
		must(t, r.pc.UnsetSecurity("prov-session"))
		must(t, r.pc.SetSecurity("prov-session", sec))
		r.start()
		p := r.dial()
		require.Equal(t, "200 session=1 hi", p.outcome(hello()))
		require.Empty(t, p.outcome(password(cookie(1))))
		<-sec.entered
		for range 3 * maxKnown {
			require.Contains(t, r.dial().outcome(hello()), " hi")
		}
		sec.release <- struct{}{}
		require.Equal(t, "200 welcome", p.outcome(""))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
	})
}
