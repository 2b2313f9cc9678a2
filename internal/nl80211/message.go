// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nl80211

import (
	"encoding/binary"
	"iter"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
)

// wiphy is what the kernel tells about a radio.
type wiphy struct {
	kinds        kinds
	combinations []combination
	channels     []channel // of 2.4 and 5 GHz, with doubles, in the kernel's order
}

// kinds is a set of interface types, one bit each.
type kinds uint64

func (k kinds) has(kind uint32) bool { return kind < 64 && k>>kind&1 == 1 }

// combination says which interfaces can be up at the same time: max in all, and of
// each limit's types no more than its max. They are on so many channels.
type combination struct {
	limits        []limit
	max, channels uint32
}

type limit struct {
	kinds kinds
	max   uint32
}

// channel is a channel in the country that is set.
type channel struct {
	number                uint8
	disabled, noIR, radar bool // noIR: listen only
}

// vif is what the kernel tells about an interface.
type vif struct {
	wiphy uint32
	kind  uint32
	mhz   uint32 // 0: it is on no channel
}

// beside returns the number of channels of the best combination with a station and an
// access point, 0 without one.
func (w wiphy) beside() int {
	best := uint32(0)
	for _, c := range w.combinations {
		if w.kinds.has(unix.NL80211_IFTYPE_AP) && c.allows(unix.NL80211_IFTYPE_STATION, unix.NL80211_IFTYPE_AP) {
			best = max(best, c.channels)
		}
	}
	return int(min(best, 1<<8))
}

func (c combination) allows(a, b uint32) bool {
	if c.max < 2 {
		return false
	}
	for i, x := range c.limits {
		for j, y := range c.limits {
			room := x.max >= 1 && y.max >= 1 && (i != j || x.max >= 2)
			if room && x.kinds.has(a) && y.kinds.has(b) {
				return true
			}
		}
	}
	return false
}

// numbers returns the channels that keep allows, ascending, each once.
func (w wiphy) numbers(keep func(channel) bool) []uint8 {
	var list []uint8
	for _, c := range w.channels {
		if keep(c) {
			list = append(list, c.number)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// parseWiphy reads the attributes of all messages about one radio. The kernel divides
// them among several messages. What cannot be read is left out.
func parseWiphy(messages ...[]byte) wiphy {
	var w wiphy
	for _, m := range messages {
		for kind, value := range attributes(m) {
			switch kind {
			case unix.NL80211_ATTR_SUPPORTED_IFTYPES:
				w.kinds |= parseKinds(value)
			case unix.NL80211_ATTR_INTERFACE_COMBINATIONS:
				for _, c := range attributes(value) {
					w.combinations = append(w.combinations, parseCombination(c))
				}
			case unix.NL80211_ATTR_WIPHY_BANDS:
				for _, band := range attributes(value) {
					w.channels = append(w.channels, parseBand(band)...)
				}
			}
		}
	}
	return w
}

// parseKinds reads a set of types: an empty attribute for each, numbered by the type.
func parseKinds(b []byte) kinds {
	var k kinds
	for kind := range attributes(b) {
		k |= 1 << kind
	}
	return k
}

func parseCombination(b []byte) combination {
	var c combination
	for kind, value := range attributes(b) {
		switch kind {
		case unix.NL80211_IFACE_COMB_MAXNUM:
			c.max = number(value)
		case unix.NL80211_IFACE_COMB_NUM_CHANNELS:
			c.channels = number(value)
		case unix.NL80211_IFACE_COMB_LIMITS:
			for _, v := range attributes(value) {
				var l limit
				for kind, value := range attributes(v) {
					switch kind {
					case unix.NL80211_IFACE_LIMIT_MAX:
						l.max = number(value)
					case unix.NL80211_IFACE_LIMIT_TYPES:
						l.kinds = parseKinds(value)
					}
				}
				c.limits = append(c.limits, l)
			}
		}
	}
	return c
}

// parseBand reads the channels of a band; of other bands than 2.4 and 5 GHz, none.
func parseBand(b []byte) []channel {
	var list []channel
	for kind, frequencies := range attributes(b) {
		if kind != unix.NL80211_BAND_ATTR_FREQS {
			continue
		}
		for _, f := range attributes(frequencies) {
			var c channel
			for kind, value := range attributes(f) {
				switch kind {
				case unix.NL80211_FREQUENCY_ATTR_FREQ:
					c.number = hal.ChannelOf(int(number(value)))
				case unix.NL80211_FREQUENCY_ATTR_DISABLED:
					c.disabled = true
				case unix.NL80211_FREQUENCY_ATTR_NO_IR:
					c.noIR = true
				case unix.NL80211_FREQUENCY_ATTR_RADAR:
					c.radar = true
				}
			}
			if c.number != 0 {
				list = append(list, c)
			}
		}
	}
	return list
}

func parseVif(m []byte) vif {
	var v vif
	for kind, value := range attributes(m) {
		switch kind {
		case unix.NL80211_ATTR_WIPHY:
			v.wiphy = number(value)
		case unix.NL80211_ATTR_IFTYPE:
			v.kind = number(value)
		case unix.NL80211_ATTR_WIPHY_FREQ:
			v.mhz = number(value)
		case unix.NL80211_ATTR_MLO_LINKS: // a link of Wi-Fi 7 has its own
			for _, link := range attributes(value) {
				if v.mhz == 0 {
					v.mhz = parseVif(link).mhz
				}
			}
		}
	}
	return v
}

// attributes yields type and value of the attributes in b. It ends before one that is
// cut off.
func attributes(b []byte) iter.Seq2[uint16, []byte] {
	const header = unix.SizeofNlAttr
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= header {
			size := int(binary.NativeEndian.Uint16(b))
			if size < header || size > len(b) {
				return
			}
			kind := binary.NativeEndian.Uint16(b[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
			if !yield(kind, b[header:size]) {
				return
			}
			b = b[min((size+unix.NLA_ALIGNTO-1)&^(unix.NLA_ALIGNTO-1), len(b)):]
		}
	}
}

// number reads a u32; 0 if it is none.
func number(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(b)
}
