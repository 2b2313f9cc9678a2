// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// BenchmarkRequest is an encrypted request with an answer of the same size
// through Handle, beside bare AES-CTR of the same bytes.
func BenchmarkRequest(b *testing.B) {
	for _, n := range []int{64, 4096} {
		answer := bytes.Repeat([]byte("a"), n)
		req := make([]byte, n)
		dst := make([]byte, 0, n)
		b.Run(fmt.Sprint(n, "/Handle"), func(b *testing.B) {
			p := newSec1(b, protocomm.Config{})
			require.NoError(b, p.AddEndpoint("fixed", func(protocomm.SessionID, []byte) ([]byte, error) {
				return answer, nil
			}))
			connect(b, p, 1)
			b.ReportAllocs()
			b.SetBytes(int64(2 * n))
			for b.Loop() {
				if _, err := p.Handle(dst, "fixed", 1, req); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(n, "/floor"), func(b *testing.B) {
			block, err := aes.NewCipher(make([]byte, 32))
			require.NoError(b, err)
			stream := cipher.NewCTR(block, make([]byte, 16))
			dst := dst[:n]
			b.ReportAllocs()
			b.SetBytes(int64(2 * n))
			for b.Loop() {
				stream.XORKeyStream(req, req)
				stream.XORKeyStream(dst, answer)
			}
		})
	}
}

// TestRequestAllocs: a request leaves nothing to the garbage collector.
func TestRequestAllocs(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	answer := bytes.Repeat([]byte("a"), 64)
	require.NoError(t, p.AddEndpoint("fixed", func(protocomm.SessionID, []byte) ([]byte, error) {
		return answer, nil
	}))
	connect(t, p, 1)
	req := make([]byte, 64)
	dst := make([]byte, 0, 128)
	for name, endpoint := range map[string]string{"request": "fixed", "version": verEndpoint} {
		n := testing.AllocsPerRun(100, func() {
			if _, err := p.Handle(dst, endpoint, 1, req); err != nil {
				t.Fatal(err)
			}
		})
		require.Zero(t, n, name)
	}
}
