// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nl80211

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Messages that kernels sent: the dump of a radio, and an interface, each after its
// length. WIFIPROV_WLAN and WIFIPROV_RECORD, a folder, record new ones.
func TestRecorded(t *testing.T) {
	if dir := os.Getenv("WIFIPROV_RECORD"); dir != "" {
		record(t, dir)
	}
	if nl.NativeEndian() != binary.LittleEndian {
		t.Skip("recorded on another kind of machine")
	}
	// mac80211_hwsim of Linux 6.1 in no country, with a station in a network on
	// channel 6.
	messages := read(t, "testdata/hwsim-6.1")
	last := len(messages) - 1
	w := parseWiphy(messages[:last]...)
	require.Equal(t, 1, w.beside())
	require.Equal(t, []combination{{max: 2050, channels: 1, limits: []limit{
		{max: 1, kinds: 1 << unix.NL80211_IFTYPE_ADHOC},
		{max: 2048, kinds: 1<<sta | 1<<ap | 1<<unix.NL80211_IFTYPE_MESH_POINT | 1<<cli | 1<<gov},
		{max: 1, kinds: 1 << p2p},
	}}}, w.combinations, "as iw phy shows them")
	allowed := w.numbers(func(c channel) bool { return !c.disabled })
	require.Len(t, allowed, 38)
	require.Equal(t, []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 36, 40}, allowed[:16])
	require.Equal(t, []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, w.numbers(func(c channel) bool { return !c.disabled && !c.noIR && !c.radar }))
	require.Equal(t, vif{wiphy: 0, kind: sta, mhz: 2437}, parseVif(messages[last]))
}

func record(t *testing.T, dir string) {
	link, _, err := find(os.Getenv("WIFIPROV_WLAN"))
	require.NoError(t, err)
	messages, err := request(unix.NL80211_CMD_GET_WIPHY, unix.NLM_F_DUMP, index(link), nl.NewRtAttr(unix.NL80211_ATTR_SPLIT_WIPHY_DUMP, nil))
	require.NoError(t, err)
	about, err := request(unix.NL80211_CMD_GET_INTERFACE, 0, index(link))
	require.NoError(t, err)
	var b []byte
	for _, m := range append(messages, about...) {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m)))
		b = append(b, m...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "recorded"), b, 0o600))
}

func read(t testing.TB, name string) (list [][]byte) {
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	for len(b) > 0 {
		n := binary.LittleEndian.Uint32(b)
		list, b = append(list, b[4:4+n]), b[4+n:]
	}
	return list
}
