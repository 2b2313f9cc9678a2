// SPDX-License-Identifier: Apache-2.0

package console

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// counter is a stream that has nothing and counts what it is told.
type counter struct{ written int }

func (c *counter) Read([]byte) (int, error)    { return 0, io.EOF }
func (c *counter) Write(p []byte) (int, error) { c.written += len(p); return len(p), nil }

// standing returns a line that is served without a goroutine.
func standing(t testing.TB, stream io.ReadWriter) *line {
	l := newLine(New(Config{Stream: stream}), stream, nil)
	l.svc = &service{pc: echoInstance(t), line: l}
	require.True(t, l.attend())
	return l
}

func echoInstance(t testing.TB) *protocomm.Protocomm {
	pc := protocomm.New(protocomm.Config{})
	must(t, pc.SetSecurity("prov-session", sec0.New()))
	must(t, pc.SetVersion("proto-ver", versionText))
	must(t, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
	return pc
}

// A request in steady state costs no memory, whatever its size.
func TestAllocs(t *testing.T) {
	for _, size := range []int{1, 64, 2000} {
		stream := &counter{}
		l := standing(t, stream)
		text := []byte(typed("echo", 0, strings.Repeat("x", size)))
		exchange := func() { must(t, l.take(text)) }
		exchange()
		stream.written = 0
		allocs := testing.AllocsPerRun(99, exchange)
		require.Equal(t, 100*(len(text)+len("\n\r\n")+2*size+len("\r\n\n>> ")), stream.written)
		require.Zero(t, allocs, "%d bytes", size)
	}
}

// Nothing of a request or an answer stays in memory: under security 0 it may be
// a passphrase.
func TestNothingStays(t *testing.T) {
	sent := typed("echo", 0, "passphrase")
	stream := &pieces{in: []byte(sent), size: len(sent)}
	l := standing(t, stream)
	l.loop()
	require.Contains(t, stream.out.String(), "\r\n"+hex.EncodeToString([]byte("passphrase"))+"\r\n")
	for name, memory := range map[string][]byte{
		"line": l.text, "answer": l.answer[:cap(l.answer)], "input": l.in[:], "output": l.out[:],
	} {
		require.NotEmpty(t, memory, name)
		require.Equal(t, make([]byte, len(memory)), memory, name)
	}
}

// What a line holds beside its buffer.
func TestLineSize(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(line{}), uintptr(768))
}

// BenchmarkRequest is a request of 64 bytes and its answer without a stream.
func BenchmarkRequest(b *testing.B) {
	l := standing(b, &counter{})
	text := []byte(typed("echo", 0, strings.Repeat("x", 64)))
	b.ReportAllocs()
	for b.Loop() {
		if l.take(text) != nil {
			b.Fatal("refused")
		}
	}
}

// A stream whose Write fails ends the line, and a stream that fails at once
// does not keep the server busy.
func TestWriteFails(t *testing.T) {
	broken := struct {
		io.Reader
		io.Writer
	}{strings.NewReader("echo 0 41\r"), failing{}}
	s := New(Config{Stream: broken})
	pc := echoInstance(t)
	must(t, s.Start(pc))
	s.Wait()
	must(t, s.Stop(pc))
	must(t, s.Start(pc))
	s.Wait()
	must(t, s.Stop(pc))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("unplugged") }
