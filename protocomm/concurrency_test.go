// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// addSlow adds an endpoint that takes a second.
func addSlow(t *testing.T, p *protocomm.Protocomm, done func(protocomm.SessionID, string)) {
	require.NoError(t, p.AddEndpoint("slow", func(id protocomm.SessionID, req []byte) ([]byte, error) {
		time.Sleep(time.Second)
		done(id, string(req))
		return req, nil
	}))
}

func TestRequestsOfASessionComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWith(t, protocomm.Config{}, &fake{t: t})
		var got []string
		addSlow(t, p, func(_ protocomm.SessionID, req string) { got = append(got, req) })
		openFake(t, p, 1)
		begin := time.Now()
		for i := range 5 {
			go func() {
				_, err := p.Handle(nil, "slow", 1, fmt.Append(nil, i))
				require.NoError(t, err)
			}()
			synctest.Wait()
		}
		// The version and other sessions do not wait.
		_, err := p.Handle(nil, verEndpoint, 1, nil)
		require.NoError(t, err)
		openFake(t, p, 2)
		_, err = p.Handle(nil, "echo", 2, nil)
		require.NoError(t, err)
		require.Zero(t, time.Since(begin))
		// A handshake message of the same session does.
		_, err = p.Handle(nil, secEndpoint, 1, []byte("hello"))
		require.NoError(t, err)
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.Equal(t, []string{"0", "1", "2", "3", "4"}, got)
	})
}

func TestSessionsRunInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			sec    protocomm.Security
			opened int
			want   time.Duration
		}{
			{&fake{t: t}, 5, time.Second},
			{sec0.New(), 5, time.Second},
			{sec0.New(), 0, time.Second}, // without sessions nothing waits
			{sec0.New(), 1, 5 * time.Second},
		} {
			p := newWith(t, protocomm.Config{}, tc.sec)
			var n atomic.Int32
			addSlow(t, p, func(protocomm.SessionID, string) { n.Add(1) })
			for id := range protocomm.SessionID(tc.opened) {
				openFakeOr0(t, p, id)
			}
			begin := time.Now()
			var wg sync.WaitGroup
			for i := range 5 {
				wg.Go(func() {
					_, err := p.Handle(nil, "slow", protocomm.SessionID(i%max(tc.opened, 1)), nil)
					require.NoError(t, err)
				})
			}
			wg.Wait()
			require.EqualValues(t, 5, n.Load())
			require.Equal(t, tc.want, time.Since(begin))
		}
	})
}

func openFakeOr0(t *testing.T, p *protocomm.Protocomm, id protocomm.SessionID) {
	if sec, _ := p.Security(); sec.NeedsSession() {
		openFake(t, p, id)
		return
	}
	require.NoError(t, p.OpenSession(id))
}

// TestClosingWhileAHandlerRuns ends the session in every way there is, from
// inside the handler and from outside: nobody waits, the keys are gone at once
// and the answer is dropped.
func TestClosingWhileAHandlerRuns(t *testing.T) {
	for name, end := range map[string]func(p *protocomm.Protocomm){
		"CloseSession":   func(p *protocomm.Protocomm) { _ = p.CloseSession(1) },
		"OpenSession":    func(p *protocomm.Protocomm) { _ = p.OpenSession(1) },
		"Close":          func(p *protocomm.Protocomm) { p.Close() },
		"UnsetSecurity":  func(p *protocomm.Protocomm) { _ = p.UnsetSecurity(secEndpoint) },
		"RemoveEndpoint": func(p *protocomm.Protocomm) { _ = p.RemoveEndpoint(secEndpoint) },
		"eviction": func(p *protocomm.Protocomm) {
			for id := protocomm.SessionID(10); id < 18; id++ {
				_ = p.OpenSession(id)
				_, _ = p.Handle(nil, secEndpoint, id, []byte("proof"))
			}
		},
	} {
		for _, inside := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " inside ", inside), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{t: t}
					closed := 0
					var p *protocomm.Protocomm
					p = newWith(t, protocomm.Config{OnSessionClose: func(id protocomm.SessionID) {
						if id == 1 {
							closed++
							_ = p.CloseSession(1) // re-entrant
						}
					}}, f)
					wiped := make(chan int, 1)
					require.NoError(t, p.AddEndpoint("end", func(protocomm.SessionID, []byte) ([]byte, error) {
						if inside {
							end(p)
						} else {
							time.Sleep(time.Second)
						}
						wiped <- f.wiped()
						return []byte("answer"), nil
					}))
					openFake(t, p, 1)
					if !inside {
						time.AfterFunc(time.Second/2, func() { end(p) })
					}
					got, err := p.Handle([]byte("dst"), "end", 1, []byte("x"))
					code(t, protocomm.ErrInvalidState, err)
					require.Equal(t, "dst", string(got))
					require.Equal(t, 1, closed)
					require.Equal(t, 1, <-wiped, "the keys outlived the session")
				})
			})
		}
	}
}

// TestClosingInsideCrypto: the session's own methods run to their end before it
// is wiped, by whoever ran them.
func TestClosingInsideCrypto(t *testing.T) {
	for _, req := range []string{"spy", secEndpoint} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{t: t}
			var ended bool
			p := newWith(t, protocomm.Config{
				OnSessionClose: func(protocomm.SessionID) { ended = true },
				OnSessionEvent: func(protocomm.SessionID, protocomm.SessionEvent) { require.False(t, ended) },
			}, f)
			require.NoError(t, p.AddEndpoint("spy", func(protocomm.SessionID, []byte) ([]byte, error) {
				t.Error("the handler of a closed session was called")
				return nil, nil
			}))
			openFake(t, p, 1)
			if req == secEndpoint {
				_, err := p.Handle(nil, secEndpoint, 1, []byte("hello"))
				require.NoError(t, err)
			}
			f.gate = func() { time.Sleep(time.Second) }
			time.AfterFunc(time.Second/2, func() {
				require.NoError(t, p.CloseSession(1))
				require.True(t, ended)
				require.Zero(t, f.wiped(), "wiped while in use")
			})
			body := []byte("proof")
			_, err := p.Handle(nil, req, 1, body)
			code(t, protocomm.ErrInvalidState, err)
			require.Equal(t, 1, f.wiped())
		})
	}
}

// TestWaitersLeave: requests that wait for their turn fail when their session
// or their endpoint goes.
func TestWaitersLeave(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(p *protocomm.Protocomm) error
		want error
	}{
		"session":  {func(p *protocomm.Protocomm) error { return p.CloseSession(1) }, protocomm.ErrInvalidState},
		"endpoint": {func(p *protocomm.Protocomm) error { return p.RemoveEndpoint("slow") }, protocomm.ErrNotFound},
		"replaced": {func(p *protocomm.Protocomm) error {
			if err := p.RemoveEndpoint("slow"); err != nil {
				return err
			}
			return p.AddEndpoint("slow", echo)
		}, protocomm.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newWith(t, protocomm.Config{}, &fake{t: t})
				var calls, failed atomic.Int32
				addSlow(t, p, func(protocomm.SessionID, string) { calls.Add(1) })
				openFake(t, p, 1)
				for range 5 {
					go func() {
						if _, err := p.Handle(nil, "slow", 1, []byte("x")); err != nil {
							require.ErrorIs(t, err, tc.want)
							failed.Add(1)
						}
					}()
					synctest.Wait()
				}
				require.NoError(t, tc.end(p))
				synctest.Wait()
				if name == "session" {
					require.EqualValues(t, 4, failed.Load(), "waiters stay")
				}
				time.Sleep(time.Minute)
				require.EqualValues(t, 1, calls.Load())
				if name == "session" {
					require.EqualValues(t, 5, failed.Load())
					return
				}
				require.EqualValues(t, 4, failed.Load())
				_, err := p.Handle(nil, "echo", 1, nil)
				require.NoError(t, err, "the turn was not passed on")
			})
		})
	}
}

func TestHandlerMayChangeTheTable(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	require.NoError(t, p.AddEndpoint("self", func(id protocomm.SessionID, _ []byte) ([]byte, error) {
		require.NoError(t, p.RemoveEndpoint("self"))
		require.NoError(t, p.AddEndpoint("new", echo))
		require.NoError(t, p.OpenSession(id+1))
		require.NoError(t, p.CloseSession(id+1))
		require.True(t, p.SessionEstablished(id))
		return []byte("gone"), nil
	}))
	c := connect(t, p, 1)
	got, err := c.ask(t, "self", "")
	require.NoError(t, err)
	require.Equal(t, "gone", got)
	got, err = c.ask(t, "new", "x")
	require.NoError(t, err)
	require.Equal(t, "X", got)
}

// TestSecurity0AnswersAlthoughClosed: what needs no session is answered
// although the session or the instance was closed meanwhile.
func TestSecurity0AnswersAlthoughClosed(t *testing.T) {
	p := newWith(t, protocomm.Config{}, sec0.New())
	require.NoError(t, p.AddEndpoint("end", func(id protocomm.SessionID, _ []byte) ([]byte, error) {
		if id == 1 {
			require.NoError(t, p.CloseSession(1))
		} else {
			p.Close()
		}
		return []byte("bye"), nil
	}))
	require.NoError(t, p.OpenSession(1))
	for _, id := range []protocomm.SessionID{1, 2} {
		got, err := p.Handle(nil, "end", id, nil)
		require.NoError(t, err)
		require.Equal(t, "bye", string(got))
	}
}

// TestEverythingAtOnce is for the race detector: honest clients work through
// their handshakes and requests while strangers, owners and transports do
// whatever they like.
func TestEverythingAtOnce(t *testing.T) {
	const clients, strangers, rounds = 4, 4, 60
	// Room for all, so that nobody is evicted.
	p := newSec1(t, protocomm.Config{MaxSessions: 20, MaxHalfOpen: 10})
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			id := protocomm.SessionID(100 + i)
			for range rounds / 20 {
				c := newClient(t, p, id)
				if err := p.OpenSession(id); err != nil {
					t.Error(err)
					return
				}
				for !c.done {
					if err := c.step(t); err != nil {
						t.Error(err)
						return
					}
				}
				for range 20 {
					if got, err := c.ask(t, "echo", "hello there"); err != nil || got != "HELLO THERE" {
						t.Error(got, err)
						return
					}
				}
			}
		})
	}
	for i := range strangers {
		wg.Go(func() {
			rnd := rand.New(rand.NewSource(int64(i)))
			for range rounds {
				id := protocomm.SessionID(rnd.Intn(4))
				switch rnd.Intn(8) {
				case 0:
					_ = p.OpenSession(id)
				case 1:
					_ = p.CloseSession(id)
				case 2:
					_, _ = p.Handle(nil, secEndpoint, id, wellFormedCommand1())
				case 3:
					c := newClient(t, p, id)
					_ = c.step(t)
				case 4:
					_, _ = p.Handle(nil, "custom", id, []byte("x"))
				case 5:
					_ = p.AddEndpoint("custom", echo)
					p.SetTransport(protocomm.Hooks{RemoveEndpoint: func(string) { p.Endpoints() }})
				case 6:
					_ = p.RemoveEndpoint("custom")
					p.SetTransport(protocomm.Hooks{})
				case 7:
					_, _ = p.Handle(nil, verEndpoint, id, nil)
					p.Sessions()
					p.Kind("custom")
					p.Security()
				}
			}
		})
	}
	wg.Wait()
	p.Close()
}

// TestCloseAgainstEverything closes instances while all kinds of calls run.
func TestCloseAgainstEverything(t *testing.T) {
	for round := range 30 {
		f := &fake{t: t}
		var opened, ended atomic.Int32
		p := newWith(t, protocomm.Config{
			MaxSessions:    4,
			OnSessionClose: func(protocomm.SessionID) { ended.Add(1) },
		}, f)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for j := range 20 {
					id := protocomm.SessionID((i + j) % 3)
					if p.OpenSession(id) == nil {
						opened.Add(1)
					}
					_, _ = p.Handle(nil, secEndpoint, id, []byte("proof"))
					_, _ = p.Handle(nil, "echo", id, []byte("x"))
					if i == 0 && j == 10 {
						if round%2 == 0 {
							p.Close()
						} else {
							_ = p.UnsetSecurity(secEndpoint)
							_ = p.SetSecurity(secEndpoint, f)
						}
					}
				}
			})
		}
		wg.Wait()
		p.Close()
		require.Zero(t, f.live.Load(), "a session was not wiped")
		require.Equal(t, opened.Load(), ended.Load())
	}
}
