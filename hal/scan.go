// SPDX-License-Identifier: Apache-2.0

package hal

// ScanConfig describes one scan.
type ScanConfig struct {
	// Channel to scan, of 2.4 GHz (1 to 14) or 5 GHz (36 to 177); 0: all that
	// the driver scans, see ScanChannels. A channel that the radio does not
	// have is an error.
	Channel uint8
	// Passive listens for beacons only instead of sending probe requests. On
	// channels where a station must not send first it is done anyway.
	Passive bool
	// PeriodMillis is the time per channel in milliseconds; 0: the driver's
	// default.
	PeriodMillis uint32
}

// Scanner looks for access points. One scan runs at a time.
type Scanner interface {
	// StartScan starts a scan and returns at once; exactly one EventScanDone
	// follows.
	// An error means that none began and no event follows; a scan under way
	// is one (ErrBusy), and so may be an attempt to join.
	StartScan(ScanConfig) error

	// StopScan ends a running scan; its EventScanDone then follows with what
	// was found so far. A driver may take a moment for that: until the event the
	// scan counts as running, so StartScan and ScanResults are ErrBusy, and
	// Connect may be. Without a running scan StopScan succeeds, and nothing
	// follows.
	StopScan() error

	// ScanResults fills dst with the strongest access points of the last
	// finished scan, descending by RSSI, and returns how many it wrote. The
	// driver may then forget them.
	//
	// Networks that hide their name (SSID.Hidden) are left out: nobody can
	// choose them. Each access point, by its BSSID, appears once, as it was
	// heard best; a network with several access points appears once for each.
	// Both are done before the strongest are taken, so that nothing that is
	// left out takes a place. A driver that does not know a BSSID or a channel
	// leaves it zero. The channel is that of the access point, also when it was
	// heard while the radio listened to another one nearby.
	ScanResults(dst []AccessPoint) (int, error)
}

// MaxChannel is the highest channel of 5 GHz.
const MaxChannel = 177

// ValidChannel reports whether Wi-Fi has a channel of this number: 1 to 14 on
// 2.4 GHz; 36 to 64, 100 to 144 and 149 to 177, every fourth, on 5 GHz.
func ValidChannel(c uint8) bool {
	switch {
	case c < 36:
		return c >= 1 && c <= 14
	case c <= 64, c >= 100 && c <= 144:
		return c%4 == 0
	}
	return c >= 149 && c <= MaxChannel && c%4 == 1
}

// Frequency returns the centre of a channel's 20 MHz, in MHz; 0: there is no such channel.
func Frequency(channel uint8) int {
	switch {
	case !ValidChannel(channel):
		return 0
	case channel == 14:
		return 2484
	case channel < 14:
		return 2407 + 5*int(channel)
	}
	return 5000 + 5*int(channel)
}

// ChannelOf returns the channel whose centre is at mhz; 0: there is none, as on 6 GHz.
func ChannelOf(mhz int) uint8 {
	c := 14
	switch {
	case mhz < 2484:
		c = (mhz - 2407) / 5
	case mhz >= 5000:
		c = (mhz - 5000) / 5
	}
	if c < 1 || c > MaxChannel || Frequency(uint8(c)) != mhz {
		return 0
	}
	return uint8(c)
}

// Hidden reports whether s is the SSID of a network that hides its name: empty, or zero
// bytes only. A station that knows the name can join nevertheless.
func (s SSID) Hidden() bool {
	for i := 0; i < len(s); i++ {
		if s[i] != 0 {
			return false
		}
	}
	return true
}

// ChannelLister is an optional ability of a WiFi, found by type assertion: it
// knows its channels. A driver without it scans channels 1 to 13.
type ChannelLister interface {
	// ScanChannels returns the channels that a scan with Channel 0 covers, which
	// are those of 2.4 GHz (1 to 14) and 5 GHz (36 to 177) that the radio, its
	// country and its mode allow; ascending, each once. A scan of each of them
	// covers what that one covers. The answer may change with the country or
	// the mode. Empty: not known, for example by the wrapper of a driver without
	// the ability; then 1 to 13 are scanned.
	ScanChannels() []uint8
}
