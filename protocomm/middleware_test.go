// SPDX-License-Identifier: Apache-2.0

package protocomm

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// A middleware sees the requests and answers of both kinds of handlers, and may
// answer in their place.
func TestMiddleware(t *testing.T) {
	var seen []string
	p := New(Config{Middleware: func(endpoint string, next AppendHandler) AppendHandler {
		return func(dst []byte, id SessionID, req []byte) ([]byte, error) {
			if string(req) == "stop" {
				return dst, errors.New("stopped")
			}
			out, err := next(dst, id, req)
			seen = append(seen, endpoint+" "+string(req)+" "+string(out[len(dst):]))
			return out, err
		}
	}})
	require.NoError(t, p.AddEndpoint("plain", func(SessionID, []byte) ([]byte, error) { return []byte("a"), nil }))
	require.NoError(t, p.AddAppendEndpoint("append", func(dst []byte, _ SessionID, _ []byte) ([]byte, error) { return append(dst, 'b'), nil }))
	for name, want := range map[string]string{"plain": "xa", "append": "xb"} {
		out, err := p.Handle([]byte("x"), name, 1, []byte("q"))
		require.NoError(t, err)
		require.Equal(t, want, string(out))
		out, err = p.Handle([]byte("x"), name, 1, []byte("stop"))
		require.ErrorContains(t, err, "stopped")
		require.Equal(t, "x", string(out))
	}
	require.ElementsMatch(t, []string{"plain q a", "append q b"}, seen)
}
