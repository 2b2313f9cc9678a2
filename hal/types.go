// SPDX-License-Identifier: Apache-2.0

package hal

import (
	"errors"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/enum"
)

// SSID is a network's name: 0 to 32 arbitrary bytes, not necessarily text.
// Empty means "none" in a configuration; in a scan see Hidden.
type SSID string

// MaxSSID is the longest SSID in bytes.
const MaxSSID = 32

// String returns the SSID as it is if it is printable text. Otherwise it escapes bytes
// that are not printable ASCII as \x00.
func (s SSID) String() string { return printable(string(s)) }

// BSSID is an access point's MAC address.
type BSSID [6]byte

// String returns the usual form, 02:11:22:33:44:55.
func (b BSSID) String() string {
	const digits = "0123456789abcdef"
	var buf [17]byte
	for i, v := range b {
		if i > 0 {
			buf[3*i-1] = ':'
		}
		buf[3*i], buf[3*i+1] = digits[v>>4], digits[v&15]
	}
	return string(buf[:])
}

// MarshalText returns the usual form.
func (b BSSID) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the usual form, in small or capital letters.
func (b *BSSID) UnmarshalText(text []byte) error {
	var v BSSID
	if !parseBytes(v[:], string(text), ":", 16) || v.String() != strings.ToLower(string(text)) {
		return errors.New("hal: \"" + string(text) + "\" is no BSSID")
	}
	*b = v
	return nil
}

// parseBytes fills dst with numbers between separators, and reports whether
// there are as many.
func parseBytes(dst []byte, text, sep string, base int) bool {
	parts := strings.Split(text, sep)
	if len(parts) != len(dst) {
		return false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, base, 8)
		if err != nil {
			return false
		}
		dst[i] = byte(n)
	}
	return true
}

// IPv4 is an address in network order.
type IPv4 [4]byte

// String returns the dotted form, 192.168.1.77.
func (a IPv4) String() string {
	return strconv.Itoa(int(a[0])) + "." + strconv.Itoa(int(a[1])) + "." + strconv.Itoa(int(a[2])) + "." + strconv.Itoa(int(a[3]))
}

// MarshalText returns the dotted form.
func (a IPv4) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the dotted form.
func (a *IPv4) UnmarshalText(text []byte) error {
	var v IPv4
	if !parseBytes(v[:], string(text), ".", 10) || v.String() != string(text) {
		return errors.New("hal: \"" + string(text) + "\" is no IPv4 address")
	}
	*a = v
	return nil
}

// AuthMode is a network's authentication, with the driver's numbers
// which are also those of the protocol. Numbers above those named here are passed
// through.
type AuthMode uint8

// Authentication modes.
const (
	AuthOpen           AuthMode = 0
	AuthWEP            AuthMode = 1
	AuthWPAPSK         AuthMode = 2
	AuthWPA2PSK        AuthMode = 3
	AuthWPAWPA2PSK     AuthMode = 4
	AuthWPA2Enterprise AuthMode = 5
	AuthWPA3PSK        AuthMode = 6
	AuthWPA2WPA3PSK    AuthMode = 7
	AuthWAPIPSK        AuthMode = 8
	AuthOWE            AuthMode = 9
	AuthWPA3Ent192     AuthMode = 10
)

// String returns the mode's usual name.
func (a AuthMode) String() string {
	switch a {
	case AuthOpen:
		return "open"
	case AuthWEP:
		return "WEP"
	case AuthWPAPSK:
		return "WPA"
	case AuthWPA2PSK:
		return "WPA2"
	case AuthWPAWPA2PSK:
		return "WPA/WPA2"
	case AuthWPA2Enterprise:
		return "WPA2-Enterprise"
	case AuthWPA3PSK:
		return "WPA3"
	case AuthWPA2WPA3PSK:
		return "WPA2/WPA3"
	case AuthWAPIPSK:
		return "WAPI"
	case AuthOWE:
		return "OWE"
	case AuthWPA3Ent192:
		return "WPA3-Enterprise-192"
	}
	return "auth " + strconv.Itoa(int(a))
}

// MarshalText returns the name of String.
func (a AuthMode) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the name of String.
func (a *AuthMode) UnmarshalText(text []byte) error { return enum.Parse(a, text) }

// ScanMethod is how the station looks for its network before it joins.
type ScanMethod uint8

// Scan methods, with the driver's numbers.
const (
	ScanFast       ScanMethod = 0 // join the first match
	ScanAllChannel ScanMethod = 1 // scan all channels, join the strongest
)

// StationConfig is what a station needs to join a network. The zero value
// means "no network".
type StationConfig struct {
	// SSID, 1 to 32 bytes; empty: no network.
	SSID SSID
	// Passphrase, or key of 64 hexadecimal digits; see ValidPassphrase. Empty:
	// an open network.
	Passphrase Secret
	// ScanMethod is how to look for the network.
	ScanMethod ScanMethod
	// BSSID to join, when BSSIDSet.
	BSSID    BSSID
	BSSIDSet bool
	// Channel to begin with; 0: unknown.
	Channel uint8
	// MinAuth is the weakest authentication to accept.
	MinAuth AuthMode
}

// AccessPoint is one record of a scan.
type AccessPoint struct {
	SSID    SSID
	BSSID   BSSID
	Channel uint8 // primary channel
	RSSI    int8  // dBm
	Auth    AuthMode
}

// Link describes the link of a connected station.
type Link struct {
	AP AccessPoint
	IP IPv4
}

// printable escapes characters that a terminal should not get.
func printable(s string) string {
	clean := true
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == 0xfffd || r >= 0x80 && r < 0xa0 || changesLines(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 4*len(s))
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			out = append(out, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// changesLines reports whether r ends a line or changes the direction of the text around
// it, so that the text reads as another one.
func changesLines(r rune) bool {
	switch {
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x206f:
		return true
	}
	return false
}
