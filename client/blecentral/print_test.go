// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim"
)

// Neither the keys of devices nor what private addresses are made of are printed.
func TestKeysAreNotPrinted(t *testing.T) {
	irk := [16]byte{0xA1, 0xB2, 0xC3, 0xD4}
	pairBubble(t, Pairing{Bonding: true, IRK: irk}, unchanged, func(t *testing.T, c *Central, l *Link, _ *sim.Controller) {
		require.NoError(t, l.Pair(t.Context()))
		require.NotEmpty(t, c.bonds)
		shown := ""
		for _, v := range []any{c, l, c.cfg, *c.cfg.Pairing, c.cfg.Pairing, struct{ c *Central }{c}, []*Central{c}} {
			for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d", "t", "b", "o", "c", "U"} {
				shown += fmt.Sprintf("%"+verb+"\n", v)
			}
		}
		keys := [][]byte{irk[:4]}
		for _, b := range c.bonds {
			keys = append(keys, b.key[:4])
		}
		for _, key := range keys {
			for _, trace := range []string{fmt.Sprintf("%d %d %d", key[0], key[1], key[2]), fmt.Sprintf("%x", key), fmt.Sprintf("%X", key),
				fmt.Sprintf("%#x, %#x, %#x", key[0], key[1], key[2])} {
				require.NotContains(t, shown, trace)
			}
		}
	})
}
