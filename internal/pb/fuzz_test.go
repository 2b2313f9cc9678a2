// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each fuzz target checks that a decoder never panics, that it agrees with
// protobuf (requireSameDecoding) and that what it decoded survives another
// round.

// seeds are messages that between them reach every kind of field.
var seeds = []string{
	"", "00", "ff", "0800", "0801", "5200", "08015a00", "08015a021001", "08015a0410035000", "08015a06100162020802",
	"08015a275a250a0c3139322e3136382e312e323310031a094d794e6574776f726b2206a0b1c2d3e4f52806",
	"0802620d0a0361703112066d7970617373", "5206080118052078", "08036a0408011002", "080472021002",
	"08057a1e0a1c0a054f74686572100b18b0ffffffffffffffff012206001122334455", "08026200", "080210056200",
	"52050801aa0100", "5200a20100", "10015a0808a2010408020a00", "100262070803ba01020804",
	"0b0c", "0b13140c", "0d01020304", "0901020304050607ff", "0a01ff",
}

func addSeeds(f *testing.F, prefix ...byte) {
	for _, s := range seeds {
		b, err := hex.DecodeString(s)
		require.NoError(f, err, "seed %s", s)
		f.Add(append(append([]byte{}, prefix...), b...))
	}
}

// fuzzOne fuzzes the decoder of m's type.
func fuzzOne(f *testing.F, m message) {
	addSeeds(f)
	d := descriptors(f)[nameOf(m)]
	f.Fuzz(func(t *testing.T, input []byte) {
		first := newLike(m)
		requireSameDecoding(t, first, d, input, true)
		requireStable(t, first)
	})
}

// requireStable fails if encoding and decoding m changes it.
func requireStable(t require.TestingT, m message) {
	encoded := m.AppendTo(nil)
	again := newLike(m)
	require.NoError(t, again.Unmarshal(encoded), "decode our own encoding %x", encoded)
	require.Equal(t, encoded, again.AppendTo(nil), "encoding after another round of %x", encoded)
}

func FuzzSessionData(f *testing.F)       { fuzzOne(f, &SessionData{}) }
func FuzzWiFiConfigPayload(f *testing.F) { fuzzOne(f, &WiFiConfigPayload{}) }
func FuzzWiFiScanPayload(f *testing.F)   { fuzzOne(f, &WiFiScanPayload{}) }
func FuzzWiFiCtrlPayload(f *testing.F)   { fuzzOne(f, &WiFiCtrlPayload{}) }

// FuzzAnyMessage covers the messages inside those four as well: the first
// byte chooses the type.
func FuzzAnyMessage(f *testing.F) {
	for i := range messages {
		addSeeds(f, byte(i))
	}
	all := descriptors(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		m := newLike(messages[int(input[0])%len(messages)])
		requireSameDecoding(t, m, all[nameOf(m)], input[1:], true)
		requireStable(t, m)
	})
}
