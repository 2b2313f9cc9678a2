// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// FuzzDispatcher plays any sequence of opens, closes and requests to an
// instance: honest ones, arbitrary ones, and changes of the endpoint table. A
// model follows which sessions are open. Whatever strangers do in
// their own sessions, the honest one goes on working.
func FuzzDispatcher(f *testing.F) {
	f.Add([]byte{1, 0, 1, 7, 2, 1, 3, 1, 7, 8, 9, 10, 7})
	f.Add([]byte{0, 0, 1, 4, 1, 0, 5, 0x52, 3, 0xa2, 1, 0, 5, 1, 9, 3, 'a', 'b', 'c', 7})
	f.Add(append([]byte{1, 0, 2, 2, 2, 4, 2, 0, 43}, wellFormedCommand1()...))
	f.Add([]byte{1, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 2, 1, 2, 2, 2, 3, 7, 3, 2, 7, 11, 7})
	f.Fuzz(func(t *testing.T, script []byte) {
		next := func() int {
			if len(script) == 0 {
				return 0
			}
			n := int(script[0])
			script = script[1:]
			return n
		}
		const honest = protocomm.SessionID(1000)
		open := map[protocomm.SessionID]bool{}
		p := protocomm.New(protocomm.Config{OnSessionClose: func(id protocomm.SessionID) {
			require.True(t, open[id], "session %d closed twice", id)
			delete(open, id)
		}})
		var c *client
		protected := next()%2 == 1
		if protected {
			sec, err := sec1.New(sec1.Config{PoP: security.Secret(pop)})
			require.NoError(t, err)
			require.NoError(t, p.SetSecurity(secEndpoint, sec))
		} else {
			require.NoError(t, p.SetSecurity(secEndpoint, sec0.New()))
		}
		require.NoError(t, p.SetVersion(verEndpoint, "v1"))
		require.NoError(t, p.AddEndpoint("echo", echo))
		require.NoError(t, p.AddEndpoint("fails", func(protocomm.SessionID, []byte) ([]byte, error) {
			return nil, errHandler
		}))
		if protected {
			c = connect(t, p, honest)
			open[honest] = true
		}

		handle := func(name string, id protocomm.SessionID, req []byte) {
			got, err := p.Handle([]byte("dst"), name, id, req)
			require.Equal(t, "dst", string(got[:3]))
			kind, known := p.Kind(name)
			switch {
			case err != nil:
				require.Len(t, got, 3)
				require.NotEmpty(t, err.Error())
			case !known:
				t.Fatalf("unknown endpoint %q answered", name)
			case kind == protocomm.KindVersion:
				require.Equal(t, "dstv1", string(got))
			case protected:
				require.True(t, open[id], "answered without a session")
				if kind == protocomm.KindRequest {
					t.Fatal("a stranger's request was answered")
				}
				require.False(t, p.SessionEstablished(id), "a stranger got in")
			}
		}
		for len(script) > 0 {
			id := protocomm.SessionID(0)
			switch op := next() % 12; op {
			case 0, 1:
				id = protocomm.SessionID(next() % 16)
				require.NoError(t, p.OpenSession(id))
				require.False(t, open[id], "replaced, but not announced")
				open[id] = true
			case 2:
				id = protocomm.SessionID(next() % 16)
				if open[id] {
					fresh := newClient(t, p, id)
					if protected {
						require.NoError(t, fresh.step(t))
					}
				}
			case 3:
				id = protocomm.SessionID(next() % 16)
				was := open[id]
				require.Equal(t, was, p.CloseSession(id) == nil)
				require.False(t, open[id])
			case 4, 5, 6:
				id = protocomm.SessionID(next() % 16)
				name := []string{secEndpoint, "echo", "fails", verEndpoint, "custom", "nobody", ""}[next()%7]
				n := min(next(), len(script))
				req := bytes.Clone(script[:n])
				script = script[n:]
				handle(name, id, req)
			case 7, 8:
				if protected {
					c.works(t)
				}
			case 9:
				_ = p.AddEndpoint("custom", echo)
			case 10:
				_ = p.RemoveEndpoint("custom")
			case 11:
				if protected {
					c = newClient(t, p, honest) // begins anew in its session
					for !c.done {
						require.NoError(t, c.step(t))
					}
				}
			}
			n, halfOpen := p.Sessions()
			require.Len(t, open, n)
			require.LessOrEqual(t, n, protocomm.DefaultMaxSessions)
			if protected {
				require.LessOrEqual(t, halfOpen, protocomm.DefaultMaxHalfOpen)
				require.Equal(t, n-1, halfOpen, "who but the honest client is established?")
			}
		}
		if protected {
			c.works(t)
		}
		p.Close()
		require.Empty(t, open)
	})
}
