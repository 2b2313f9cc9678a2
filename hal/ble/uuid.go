// SPDX-License-Identifier: Apache-2.0

package ble

import "errors"

// UUID is a 128-bit Bluetooth UUID, least significant byte first, as it goes
// over the air: index 0 is the last byte of the text form.
type UUID [16]byte

// UUIDSize is the size of a UUID in bytes.
const UUIDSize = 16

var errUUID = errors.New("ble: a UUID has the form 021a9004-0382-4aea-bff4-6b3f1c5adfb4")

// ParseUUID parses the form 021a9004-0382-4aea-bff4-6b3f1c5adfb4; hexadecimal
// digits may be of either case.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 {
		return u, errUUID
	}
	at := len(u)
	for i := 0; i < len(s); {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return UUID{}, errUUID
			}
			i++
			continue
		}
		hi, lo := hexDigit(s[i]), hexDigit(s[i+1])
		if hi < 0 || lo < 0 {
			return UUID{}, errUUID
		}
		at--
		u[at] = byte(hi<<4 | lo)
		i += 2
	}
	return u, nil
}

// UUID16 returns the 128-bit form of a UUID that the Bluetooth SIG assigned.
func UUID16(id uint16) UUID {
	return UUID{
		0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00, 0x00, 0x80,
		0x00, 0x10, 0x00, 0x00, byte(id), byte(id >> 8),
	}
}

// With16 returns the UUID with bytes 12 and 13 replaced by id, low byte first.
// So the UUIDs of characteristics are derived from their service's.
func (u UUID) With16(id uint16) UUID {
	u[12], u[13] = byte(id), byte(id>>8)
	return u
}

// String returns the usual form, 021a9004-0382-4aea-bff4-6b3f1c5adfb4.
func (u UUID) String() string {
	const digits = "0123456789abcdef"
	var buf [36]byte
	at := 0
	for i := len(u) - 1; i >= 0; i-- {
		if at == 8 || at == 13 || at == 18 || at == 23 {
			buf[at] = '-'
			at++
		}
		buf[at], buf[at+1] = digits[u[i]>>4], digits[u[i]&15]
		at += 2
	}
	return string(buf[:])
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}
