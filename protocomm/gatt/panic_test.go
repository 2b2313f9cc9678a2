// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A handler that panics, or ends its goroutine, costs its client the answer. The
// link, the session and other clients go on.
func TestPanicAndGoexit(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("boom") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			one, err := sec1.New(sec1.Config{PoP: "abcd1234"})
			require.NoError(t, err)
			bubble(t, one, func(r *rig) {
				conns := []ble.Conn{r.start(), r.connect()}
				var phones []*sec1.Client
				for _, c := range conns {
					phone, err := sec1.NewClient(sec1.Config{PoP: "abcd1234"})
					require.NoError(t, err)
					for answer := []byte(nil); ; {
						req, done, err := phone.Step(answer)
						require.NoError(t, err)
						if done {
							break
						}
						require.NoError(t, r.p.Write(c, charSession, req))
						answer = []byte(r.read(c, charSession))
					}
					phones = append(phones, phone)
				}
				ask := func(i int) error {
					req, err := phones[i].Encrypt(nil, []byte("hello"))
					require.NoError(t, err)
					return r.p.Write(conns[i], charEcho, req)
				}
				r.hook = end
				for range 2 {
					require.ErrorIs(t, ask(0), ble.ATTInvalidPDU)
				}
				r.hook = nil
				for i := range conns {
					require.NoError(t, ask(i))
					plain, err := phones[i].Decrypt(nil, []byte(r.read(conns[i], charEcho)))
					require.NoError(t, err)
					require.Equal(t, "hello", string(plain))
				}
				// One that is gone meanwhile.
				r.hook = func() {
					r.p.Disconnect(conns[0], ble.ReasonRemoteUser)
					end()
				}
				require.Error(t, ask(0))
				synctest.Wait()
				r.hook = nil
				require.NoError(t, ask(1))
				conns[0] = r.connect()
				require.NoError(t, r.p.Write(conns[0], charVersion, []byte("ESP")))
			})
		})
	}
}
