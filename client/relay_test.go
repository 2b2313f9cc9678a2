// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What a person sees and types.
func TestRelay(t *testing.T) {
	var out bytes.Buffer
	in := strings.NewReader("  4849 \r\n\nhello\n4\n4A4b\nrest")
	r := NewRelay(in, &out)
	answer, err := r.Do(t.Context(), "proto-ver", []byte("ESP"))
	require.NoError(t, err)
	require.Equal(t, "HI", string(answer))
	require.Equal(t, "Client->Device msg : proto-ver 0 455350\nDevice->Client answer, in hex : ", out.String())

	_, err = r.Do(t.Context(), "prov-session", []byte("x"))
	require.ErrorIs(t, err, ErrRefused)

	out.Reset()
	answer, err = r.Do(t.Context(), "prov-session", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, "JK", string(answer))
	require.Equal(t, 1, strings.Count(out.String(), "msg :"), "asking again sends nothing again")
	require.Equal(t, 2, strings.Count(out.String(), "once more"))

	_, err = r.Do(t.Context(), "prov-session", nil)
	require.ErrorIs(t, err, ErrEmptyBody)
	left, err := io.ReadAll(in)
	require.NoError(t, err)
	require.Equal(t, "rest", string(left), "nothing is read beyond the line")
	_, err = r.Do(t.Context(), "prov-session", []byte("x"))
	require.ErrorContains(t, err, "the input: it ended")

	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	_, err = r.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, ErrClosed)
}

// The last line needs no end, and one that never ends is given up.
func TestRelayLines(t *testing.T) {
	for _, in := range []io.Reader{strings.NewReader("4849"), eager{strings.NewReader("4849")}} {
		answer, err := NewRelay(in, io.Discard).Do(t.Context(), "x", []byte("x"))
		require.NoError(t, err)
		require.Equal(t, "HI", string(answer))
	}
	_, err := NewRelay(strings.NewReader(strings.Repeat("0", maxRelayLine+1)), io.Discard).Do(t.Context(), "x", []byte("x"))
	require.ErrorIs(t, err, ErrBadAnswer)
	broken := errors.New("no terminal")
	_, err = NewRelay(iotestErr{broken}, io.Discard).Do(t.Context(), "x", []byte("x"))
	require.ErrorIs(t, err, broken)
	_, err = NewRelay(strings.NewReader(""), writerErr{broken}).Do(t.Context(), "x", []byte("x"))
	require.ErrorIs(t, err, broken)
}

// eager reports the end together with the last byte.
type eager struct{ r *strings.Reader }

func (e eager) Read(p []byte) (int, error) {
	n, _ := e.r.Read(p)
	if e.r.Len() == 0 {
		return n, io.EOF
	}
	return n, nil
}

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

type writerErr struct{ err error }

func (e writerErr) Write([]byte) (int, error) { return 0, e.err }

// A context or Close ends the waiting. A line that is typed for nobody is
// dropped, one that is typed after the next question answers that.
func TestRelayGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, person := io.Pipe()
		r := NewRelay(in, io.Discard)
		give := func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			_, err := r.Do(ctx, "x", []byte("x"))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(began))
		}
		answer := func() string {
			got, err := r.Do(t.Context(), "x", []byte("x"))
			require.NoError(t, err)
			return string(got)
		}
		give()
		io.WriteString(person, "4f4c44\n")
		synctest.Wait()
		go io.WriteString(person, "4e4557\n")
		require.Equal(t, "NEW", answer())

		give()
		give()
		go func() {
			time.Sleep(time.Second)
			io.WriteString(person, "4849\n")
		}()
		require.Equal(t, "HI", answer())

		done := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := r.Do(context.Background(), "x", []byte("x"))
				done <- err
			}()
		}
		synctest.Wait()
		require.NoError(t, r.Close())
		require.ErrorIs(t, <-done, ErrClosed)
		require.ErrorIs(t, <-done, ErrClosed)
		person.Close() // the Read of before ends
	})
}
