// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// An AppendHandler appends to memory of the session, which holds nothing of the
// answer before; without a session it appends to the caller's.
func TestAppendHandler(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	require.ErrorIs(t, p.AddAppendEndpoint("nil", nil), protocomm.ErrInvalidArg)
	require.ErrorIs(t, p.AddAppendEndpoint("", appendEcho), protocomm.ErrInvalidArg)
	var given []byte
	failure := errors.New("broken")
	require.NoError(t, p.AddAppendEndpoint("append", func(dst []byte, id protocomm.SessionID, req []byte) ([]byte, error) {
		require.Empty(t, dst)
		given = dst[:cap(dst)]
		require.Zero(t, len(bytes.Trim(given, "\x00")), "an answer that was sent is still there")
		if len(req) == 0 {
			return append(dst, "half an answer"...), failure
		}
		return append(dst, req...), nil
	}))
	require.ErrorIs(t, p.AddEndpoint("append", nop), protocomm.ErrFail)
	client := connect(t, p, 1)
	for _, text := range []string{"a long request that makes room", "short", "another long request, as it were"} {
		answer, err := client.ask(t, "append", text)
		require.NoError(t, err)
		require.Equal(t, text, answer)
	}
	_, err := client.ask(t, "append", "")
	require.ErrorIs(t, err, failure)
}

// Without a security the answer goes to the caller's memory at once.
func TestAppendHandlerPlain(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	defer p.Close()
	require.NoError(t, p.AddAppendEndpoint("append", appendEcho))
	require.NoError(t, p.AddAppendEndpoint("broken", func(dst []byte, _ protocomm.SessionID, req []byte) ([]byte, error) {
		return append(dst, req...), errors.New("broken")
	}))
	dst := append(make([]byte, 0, 64), "before "...)
	out, err := p.Handle(dst, "append", 1, []byte("hello"))
	require.NoError(t, err)
	require.Equal(t, "before hello", string(out))
	require.Same(t, &dst[0], &out[0])
	out, err = p.Handle(dst, "broken", 1, []byte("hello"))
	require.Error(t, err)
	require.Equal(t, "before ", string(out))
}

func appendEcho(dst []byte, _ protocomm.SessionID, req []byte) ([]byte, error) {
	return append(dst, req...), nil
}

func nop(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil }
