// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/srp"
)

// BenchmarkHandshake is the device's half of a handshake, both messages, beside
// the three exponentiations that it needs done with math/big, which is not
// constant in time. They take turns, and the fastest of each count, because what
// else the machine does adds to both at random. Goal: at most half as long.
func BenchmarkHandshake(b *testing.B) { benchmarkHandshake(b, false) }

// BenchmarkSmallHandshake is BenchmarkHandshake without a table of the verifier.
func BenchmarkSmallHandshake(b *testing.B) { benchmarkHandshake(b, true) }

func benchmarkHandshake(b *testing.B, small bool) {
	same := pinned{bytes.Repeat([]byte{0xC3, 0x5A}, srp.PrivateSize/2), make([]byte, 8)}
	sec, err := New(Config{Salt: theSalt(), Verifier: theVerifier(), Rand: same, Small: small})
	require.NoError(b, err)
	s, c := sessionOf(b, sec), newClient(b)
	cmd0, _, err := c.Step(nil)
	require.NoError(b, err)
	resp0, err := s.Handshake(nil, cmd0)
	require.NoError(b, err)
	cmd1, _, err := c.Step(resp0)
	require.NoError(b, err)

	a, v := num(c.proofs.K[:]), num(theVerifier())
	a = refExp(refG, a)
	private, u := num(same.private), num(c.proofs.Client[:])
	out := make([]byte, 0, 512)
	b.ReportAllocs()
	ours, reference := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		session, _ := sec.NewSession()
		out, _ = session.Handshake(out[:0], cmd0)
		out, err = session.Handshake(out[:0], cmd1)
		middle := time.Now()
		z := refExp(refG, private)
		z.Exp(v, u, refN)
		z.Mul(z, a).Mod(z, refN).Exp(z, private, refN)
		ours, reference = min(ours, middle.Sub(start)), min(reference, time.Since(middle))
	}
	require.NoError(b, err)
	b.ReportMetric(float64(ours.Nanoseconds()), "device-ns/op")
	b.ReportMetric(float64(reference.Nanoseconds()), "math/big-ns/op")
	b.ReportMetric(float64(ours)/float64(reference), "ratio")
}

// BenchmarkNew is what New takes, tables and all, and without them.
func BenchmarkNew(b *testing.B) {
	for _, small := range []bool{false, true} {
		b.Run(fmt.Sprintf("small=%v", small), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := New(Config{Salt: theSalt(), Verifier: theVerifier(), Small: small})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRequest is the protection of a request and its answer, 64 bytes and
// 4 KiB each, beside bare AES-GCM; again the fastest of each. Goal: at most 1.3
// times as long, and no allocation.
func BenchmarkRequest(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"64B", 64}, {"4KiB", 4096}} {
		b.Run(size.name, func(b *testing.B) {
			s, c := newSession(b), newClient(b)
			establish(b, s, c)
			block, err := aes.NewCipher(make([]byte, 32))
			require.NoError(b, err)
			bare, err := cipher.NewGCM(block)
			require.NoError(b, err)
			nonce := make([]byte, 12)
			plain := make([]byte, size.n)
			wire := bare.Seal(nil, nonce, plain, nil)
			in, out := make([]byte, 0, len(wire)), make([]byte, 0, len(wire))
			requests := make([][]byte, 64)

			b.ReportAllocs()
			ours, reference := time.Hour, time.Hour
			for b.Loop() {
				// What the client does is not timed. A batch evens out the clock.
				for i := range requests {
					requests[i], _ = c.Encrypt(requests[i][:0], plain)
					c.box.next() // for the answer, which it does not see
				}
				start := time.Now()
				for _, request := range requests {
					got, e := s.Decrypt(append(in, request...))
					if e != nil {
						b.Fatal(e)
					}
					if out, e = s.Encrypt(out[:0], got); e != nil {
						b.Fatal(e)
					}
				}
				middle := time.Now()
				for range requests {
					request := append(in, wire...)
					got, e := bare.Open(request[:0], nonce, request, nil)
					if e != nil {
						b.Fatal(e)
					}
					out = bare.Seal(out[:0], nonce, got, nil)
				}
				ours, reference = min(ours, middle.Sub(start)), min(reference, time.Since(middle))
			}
			per := float64(len(requests))
			b.ReportMetric(float64(ours.Nanoseconds())/per, "device-ns/request")
			b.ReportMetric(float64(reference.Nanoseconds())/per, "bare-ns/request")
			b.ReportMetric(float64(ours)/float64(reference), "ratio")
		})
	}
}

// TestRequestAllocs: requests cost no allocation.
func TestRequestAllocs(t *testing.T) {
	s, c := newSession(t), newClient(t)
	establish(t, s, c)
	plain, wire := make([]byte, 4096), make([]byte, 0, 5000)
	out := make([]byte, 0, 5000)
	require.Zero(t, testing.AllocsPerRun(50, func() {
		wire, _ = c.Encrypt(wire[:0], plain)
		got, err := s.Decrypt(wire)
		if err != nil {
			t.Fatal(err)
		}
		out, _ = s.Encrypt(out[:0], got)
		if _, err = c.Decrypt(wire[:0], out); err != nil {
			t.Fatal(err)
		}
	}))
}

// TestHandshakeAllocs bounds what a handshake leaves to the garbage collector.
func TestHandshakeAllocs(t *testing.T) {
	sec := device(pinned{bytes.Repeat([]byte{0xC3, 0x5A}, srp.PrivateSize/2), make([]byte, 8)}, false)
	s, c := sessionOf(t, sec), newClient(t)
	first, _, err := c.Step(nil)
	require.NoError(t, err)
	resp, err := s.Handshake(nil, first)
	require.NoError(t, err)
	second, _, err := c.Step(resp)
	require.NoError(t, err)
	out := make([]byte, 0, 512)
	n := testing.AllocsPerRun(10, func() {
		s, _ := sec.NewSession()
		out, _ = s.Handshake(out[:0], first)
		out, err = s.Handshake(out[:0], second)
	})
	require.NoError(t, err)
	t.Logf("%v allocations", n)
	require.LessOrEqual(t, n, 8.0)
}
