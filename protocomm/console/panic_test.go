// SPDX-License-Identifier: Apache-2.0

package console

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// A handler that panics, or ends its goroutine, costs its line the answer.
func TestPanicAndGoexit(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("boom") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{NoEcho: true}, toy{}, func(t *testing.T, r *rig) {
				must(t, r.pc.AddEndpoint("ends", func(protocomm.SessionID, []byte) ([]byte, error) {
					end()
					return nil, nil
				}))
				must(t, r.pc.AddEndpoint("stops", func(protocomm.SessionID, []byte) ([]byte, error) {
					must(t, r.server.Stop(r.pc))
					end()
					return nil, nil
				}))
				r.start()
				require.Equal(t, "hi", r.ask("prov-session", 3, "hello"))
				require.Equal(t, "welcome", r.ask("prov-session", 3, "proof"))
				for range 2 {
					require.Equal(t, none, r.ask("ends", 3, "s:x"))
					require.Equal(t, "s:3", r.ask("who", 3, "s:x"), "the session goes on")
				}
				r.line.say(typed("stops", 3, "s:x"))
				require.True(t, r.line.isOver())
				require.Equal(t, []protocomm.SessionID{3}, r.closedSessions())
				r.server.Wait()
				r.start()
				require.Equal(t, versionText, r.ask("proto-ver", 0, "x"))
			})
		})
	}
}
