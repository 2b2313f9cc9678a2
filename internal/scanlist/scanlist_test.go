// SPDX-License-Identifier: Apache-2.0

package scanlist

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// ap is an access point whose BSSID ends with n; 0: not known.
func ap(name string, n byte, rssi int8) hal.AccessPoint {
	a := hal.AccessPoint{SSID: hal.SSID(name), RSSI: rssi}
	if n != 0 {
		a.BSSID = hal.BSSID{2, 0, 0, 0, 0, n}
	}
	return a
}

func show(list []hal.AccessPoint) []string {
	var out []string
	for _, a := range list {
		out = append(out, fmt.Sprintf("%s %d", string(a.SSID), a.RSSI))
	}
	return out
}

func TestMerge(t *testing.T) {
	type aps = []hal.AccessPoint
	for _, tt := range []struct {
		name        string
		list, batch aps
		limit       int
		want        []string
	}{
		{"nothing", nil, nil, 4, nil},
		{"sorts", nil, aps{ap("c", 3, -70), ap("a", 1, -50), ap("b", 2, -60)}, 4, []string{"a -50", "b -60", "c -70"}},
		{"equal: new before old, in their order", aps{ap("o", 1, -50), ap("p", 2, -50)}, aps{ap("n", 3, -50), ap("m", 4, -50)}, 4,
			[]string{"n -50", "m -50", "o -50", "p -50"}},
		{"strongest stay", aps{ap("a", 1, -30), ap("b", 2, -40)}, aps{ap("c", 3, -35), ap("d", 4, -90)}, 2, []string{"a -30", "c -35"}},
		{"hidden", nil, aps{ap("", 1, -30), ap("\x00\x00\x00", 2, -31), ap("a\x00", 3, -40), ap("\x00a", 4, -41)}, 2,
			[]string{"a\x00 -40", "\x00a -41"}},
		{"heard better later", aps{ap("a", 1, -50), ap("b", 2, -60)}, aps{ap("b", 2, -40)}, 4, []string{"b -40", "a -50"}},
		{"heard worse later", aps{ap("a", 1, -50), ap("b", 2, -60)}, aps{ap("a", 1, -90)}, 4, []string{"a -50", "b -60"}},
		{"heard as well later", aps{ap("a", 1, -50), ap("b", 2, -50)}, aps{ap("b", 2, -50)}, 4, []string{"a -50", "b -50"}},
		{"twice in a batch", nil, aps{ap("a", 1, -50), ap("b", 2, -55), ap("a", 1, -60)}, 4, []string{"a -50", "b -55"}},
		{"twice in a batch, the wrong way round", nil, aps{ap("a", 1, -60), ap("b", 2, -55), ap("a", 1, -50)}, 4, []string{"a -50", "b -55"}},
		{"a full list takes the better entry", aps{ap("a", 1, -50), ap("b", 2, -60)}, aps{ap("b", 2, -40), ap("c", 3, -45)}, 2,
			[]string{"b -40", "c -45"}},
		{"unknown BSSIDs are different ones", aps{ap("a", 0, -50)}, aps{ap("a", 0, -50), ap("a", 0, -60)}, 4, []string{"a -50", "a -50", "a -60"}},
		{"one name, two access points", aps{ap("a", 1, -50)}, aps{ap("a", 2, -60)}, 4, []string{"a -50", "a -60"}},
		{"no room", nil, aps{ap("a", 1, -50)}, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.list)
			require.Equal(t, tt.want, show(Merge(tt.list, tt.batch, tt.limit)))
			require.Equal(t, before, tt.list, "the old list is somebody else's")
		})
	}
}

// However what is heard is divided among batches, the list is that of the
// strongest, each once.
func TestMergeKeepsTheStrongest(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		best := map[byte]int8{}
		var list []hal.AccessPoint
		limit := 1 + rnd.IntN(20)
		for range 14 {
			var batch []hal.AccessPoint
			for range rnd.IntN(12) {
				n, rssi := byte(1+rnd.IntN(40)), -20-int8(rnd.IntN(80))
				batch = append(batch, ap("n", n, rssi))
				if old, ok := best[n]; !ok || rssi > old {
					best[n] = rssi
				}
			}
			list = Merge(list, batch, limit)
		}
		var want, got []int
		for _, rssi := range best {
			want = append(want, int(rssi))
		}
		slices.Sort(want)
		slices.Reverse(want)
		seen := map[hal.BSSID]bool{}
		for _, a := range list {
			got = append(got, int(a.RSSI))
			require.False(t, seen[a.BSSID])
			seen[a.BSSID] = true
			require.Equal(t, best[a.BSSID[5]], a.RSSI)
		}
		require.Equal(t, want[:min(limit, len(want))], got)
	}
}

func TestMergeAllocatesTheListAlone(t *testing.T) {
	list := Merge(nil, []hal.AccessPoint{ap("a", 1, -50), ap("b", 2, -60)}, 16)
	batch := []hal.AccessPoint{ap("c", 3, -40), ap("a", 1, -30)}
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() { Merge(list, batch, 16) }))
}
