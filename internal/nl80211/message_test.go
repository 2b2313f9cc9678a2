// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nl80211

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// attr encodes an attribute as the kernel does: length, type, value, padding.
func attr(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

func u32(kind uint16, n uint32) []byte {
	return attr(kind, binary.NativeEndian.AppendUint32(nil, n)...)
}

func nest(kind uint16, in ...[]byte) []byte {
	return attr(kind|unix.NLA_F_NESTED, slices.Concat(in...)...)
}

func flags(kind uint16, types ...uint16) []byte {
	var list []byte
	for _, t := range types {
		list = append(list, attr(t)...)
	}
	return nest(kind, list)
}

func limitOf(most uint32, types ...uint16) []byte {
	return nest(1, u32(unix.NL80211_IFACE_LIMIT_MAX, most), flags(unix.NL80211_IFACE_LIMIT_TYPES, types...))
}

func combinationOf(most, channels uint32, limits ...[]byte) []byte {
	return nest(1, nest(unix.NL80211_IFACE_COMB_LIMITS, limits...),
		u32(unix.NL80211_IFACE_COMB_MAXNUM, most), u32(unix.NL80211_IFACE_COMB_NUM_CHANNELS, channels))
}

const (
	sta = unix.NL80211_IFTYPE_STATION
	ap  = unix.NL80211_IFTYPE_AP
	p2p = unix.NL80211_IFTYPE_P2P_DEVICE
	cli = unix.NL80211_IFTYPE_P2P_CLIENT
	gov = unix.NL80211_IFTYPE_P2P_GO
)

func TestBeside(t *testing.T) {
	for name, c := range map[string]struct {
		combinations [][]byte
		want         int
	}{
		"none": {},
		"Raspberry Pi": {[][]byte{
			combinationOf(3, 2, limitOf(1, sta), limitOf(1, p2p), limitOf(1, cli, gov)),
			combinationOf(4, 1, limitOf(1, sta), limitOf(1, ap), limitOf(1, cli), limitOf(1, p2p)),
		}, 1},
		"two channels":        {[][]byte{combinationOf(3, 2, limitOf(1, sta), limitOf(1, ap))}, 2},
		"the best counts":     {[][]byte{combinationOf(2, 2, limitOf(2, sta, ap)), combinationOf(2, 1, limitOf(2, sta, ap))}, 2},
		"one of either":       {[][]byte{combinationOf(2, 2, limitOf(1, sta, ap), limitOf(1, p2p))}, 0},
		"two of either":       {[][]byte{combinationOf(2, 1, limitOf(2, sta, ap))}, 1},
		"no more than one":    {[][]byte{combinationOf(1, 1, limitOf(1, sta), limitOf(1, ap))}, 0},
		"none allowed":        {[][]byte{combinationOf(2, 1, limitOf(1, sta), limitOf(0, ap))}, 0},
		"access points alone": {[][]byte{combinationOf(8, 1, limitOf(8, ap))}, 0},
		"in two combinations": {[][]byte{combinationOf(8, 1, limitOf(8, ap)), combinationOf(8, 1, limitOf(8, sta))}, 0},
	} {
		types := flags(unix.NL80211_ATTR_SUPPORTED_IFTYPES, sta, ap, p2p, cli, gov)
		list := nest(unix.NL80211_ATTR_INTERFACE_COMBINATIONS, c.combinations...)
		require.Equal(t, c.want, parseWiphy(slices.Concat(types, list)).beside(), name)
		require.Equal(t, c.want, parseWiphy(types, list).beside(), "%s, in two messages", name)
		require.Zero(t, parseWiphy(flags(unix.NL80211_ATTR_SUPPORTED_IFTYPES, sta), list).beside(), "%s, without access points", name)
	}
}

func frequency(mhz uint32, marks ...uint16) []byte {
	b := u32(unix.NL80211_FREQUENCY_ATTR_FREQ, mhz)
	for _, m := range marks {
		b = append(b, attr(m)...)
	}
	return nest(0, b)
}

func band(number uint16, frequencies ...[]byte) []byte {
	return nest(unix.NL80211_ATTR_WIPHY_BANDS, nest(number, nest(unix.NL80211_BAND_ATTR_FREQS, frequencies...)))
}

// The kernel sends one channel a message, and bands of other frequencies whose
// channels have the same numbers.
func TestChannels(t *testing.T) {
	w := parseWiphy(
		band(unix.NL80211_BAND_5GHZ, frequency(5180, unix.NL80211_FREQUENCY_ATTR_NO_IR), frequency(5260, unix.NL80211_FREQUENCY_ATTR_RADAR)),
		band(unix.NL80211_BAND_5GHZ, frequency(5745), frequency(5885, unix.NL80211_FREQUENCY_ATTR_DISABLED)),
		band(unix.NL80211_BAND_2GHZ, frequency(2412), frequency(2472), frequency(2484, unix.NL80211_FREQUENCY_ATTR_DISABLED)),
		band(unix.NL80211_BAND_2GHZ, frequency(2412)),
		band(unix.NL80211_BAND_6GHZ, frequency(5955), frequency(5975)),
		band(unix.NL80211_BAND_60GHZ, frequency(58320)),
	)
	require.Equal(t, []uint8{1, 13, 36, 52, 149}, w.numbers(func(c channel) bool { return !c.disabled }))
	require.Equal(t, []uint8{1, 13, 149}, w.numbers(func(c channel) bool { return !c.disabled && !c.noIR && !c.radar }))
	require.Empty(t, parseWiphy().numbers(func(channel) bool { return true }))
}

func TestInterface(t *testing.T) {
	about := slices.Concat(u32(unix.NL80211_ATTR_WIPHY, 3), u32(unix.NL80211_ATTR_IFTYPE, sta))
	require.Equal(t, vif{wiphy: 3, kind: sta}, parseVif(about))
	on := u32(unix.NL80211_ATTR_WIPHY_FREQ, 2437)
	require.Equal(t, vif{wiphy: 3, kind: sta, mhz: 2437}, parseVif(slices.Concat(about, on)))
	links := nest(unix.NL80211_ATTR_MLO_LINKS, nest(0, on), nest(1, u32(unix.NL80211_ATTR_WIPHY_FREQ, 5180)))
	require.Equal(t, vif{wiphy: 3, kind: sta, mhz: 2437}, parseVif(slices.Concat(about, links)))
}

// An address of an own interface is unicast, local, and not the station's.
func TestOtherAddress(t *testing.T) {
	for _, a := range [][]byte{{0xb8, 0x27, 0xeb, 1, 2, 3}, {2, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 0xff}} {
		before := slices.Clone(a)
		b := otherAddress(a)
		require.NotEqual(t, a, []byte(b))
		require.Equal(t, byte(2), b[0]&3)
		require.Equal(t, before, a)
	}
}

// Whatever the kernel sends, reading it ends without a panic.
func FuzzMessage(f *testing.F) {
	f.Add(slices.Concat(flags(unix.NL80211_ATTR_SUPPORTED_IFTYPES, sta, ap),
		nest(unix.NL80211_ATTR_INTERFACE_COMBINATIONS, combinationOf(2, 1, limitOf(1, sta), limitOf(1, ap))),
		band(unix.NL80211_BAND_2GHZ, frequency(2412, unix.NL80211_FREQUENCY_ATTR_NO_IR))))
	f.Add(nest(unix.NL80211_ATTR_MLO_LINKS, nest(0, u32(unix.NL80211_ATTR_WIPHY_FREQ, 2437))))
	f.Add([]byte{5, 0, 1, 0, 9})
	f.Add([]byte{3, 0, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		w := parseWiphy(b, b)
		require.LessOrEqual(t, len(w.combinations)+len(w.channels), len(b))
		require.GreaterOrEqual(t, w.beside(), 0)
		list := w.numbers(func(channel) bool { return true })
		require.True(t, slices.IsSorted(list) && !slices.Contains(list, 0))
		parseVif(b)
	})
}
