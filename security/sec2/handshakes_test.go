// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
)

// rare are handshakes in which something begins with a zero byte, found by
// TestHandshakes, which names the first of each kind when it plays many
// (WIFIPROV_LONG=400, about four minutes).
var rare = map[string][]int64{
	"ours":             {131, 139},                // a device that draws anew
	"reference client": {131, 139, 329},           // the same, and a short A
	"reference device": {131, 139, 184, 373, 601}, // K, B, M1 with salt, M1, S
}

// TestHandshakes plays random handshakes between our halves, and between each
// of them and the reference. Zero bytes in front, at which clients differ, occur
// in one of 256: the handshakes that are known to have them are always played.
// Our client copes with a device that does not draw anew; our device never
// lets it come to that (Q-P14).
func TestHandshakes(t *testing.T) {
	count := long.Count(t, 3, 48/long.Slow)
	for _, pairing := range []struct {
		name                 string
		ourClient, ourDevice bool
	}{
		{"ours", true, true},
		{"reference client", false, true},
		{"reference device", true, false},
	} {
		t.Run(pairing.name, func(t *testing.T) {
			var mu sync.Mutex
			var sum zeros
			var next atomic.Int64
			play := func(n int64) {
				var z zeros
				handshake(t, n, pairing.ourClient, pairing.ourDevice, &z)
				mu.Lock()
				defer mu.Unlock()
				sum.add(&z)
				if count > 1000 && sum.interesting(&z) {
					t.Logf("handshake %d: %+v", n, z)
				}
			}
			for _, n := range rare[pairing.name] {
				play(n)
			}
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					for n := next.Add(1) - 1; n < int64(count) && !t.Failed(); n = next.Add(1) - 1 {
						play(n)
					}
				})
			}
			wg.Wait()
			t.Logf("%d handshakes began with zero: %+v", count+len(rare[pairing.name]), sum)
			switch {
			case pairing.ourDevice && pairing.ourClient:
				require.NotZero(t, sum.Redrawn)
			case pairing.ourDevice:
				require.NotZero(t, sum.A)
				require.NotZero(t, sum.Salt)
				require.NotZero(t, sum.Redrawn)
				require.Zero(t, sum.B+sum.S+sum.K+sum.M1)
			default:
				require.Zero(t, sum.A)
				for what, n := range map[string]int{"B": sum.B, "S": sum.S, "K": sum.K, "M1": sum.M1, "salt": sum.Salt} {
					require.NotZero(t, n, what)
				}
			}
		})
	}
}

func (z *zeros) add(o *zeros) {
	z.A, z.B, z.S, z.K, z.M1 = z.A+o.A, z.B+o.B, z.S+o.S, z.K+o.K, z.M1+o.M1
	z.Salt, z.Redrawn = z.Salt+o.Salt, z.Redrawn+o.Redrawn
}

// interesting reports whether o is among the first of its kind.
func (z *zeros) interesting(o *zeros) bool {
	return o.A > 0 && z.A < 4 || o.B > 0 && z.B < 4 || o.S > 0 && z.S < 4 || o.K > 0 && z.K < 4 ||
		o.M1 > 0 && z.M1 < 4 || o.Redrawn > 0 && z.Redrawn < 4
}
