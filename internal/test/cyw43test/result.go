// SPDX-License-Identifier: Apache-2.0

package cyw43test

import (
	"encoding/binary"

	"github.com/wifiprov/wifiprov/hal"
)

// Result returns what the firmware tells of an access point that a scan has found.
func Result(ap hal.AccessPoint) []byte {
	const head, bss = 12, 128
	elements := append([]byte{0, byte(len(ap.SSID))}, ap.SSID...)
	elements = append(append(elements, 3, 1, ap.Channel), security(ap.Auth)...)
	p := make([]byte, head+bss, head+bss+len(elements))
	binary.LittleEndian.PutUint32(p, uint32(cap(p)))
	binary.LittleEndian.PutUint32(p[4:], 109)
	binary.LittleEndian.PutUint16(p[10:], 1)
	b := p[head:]
	binary.LittleEndian.PutUint32(b, 109)
	binary.LittleEndian.PutUint32(b[4:], uint32(bss+len(elements)))
	copy(b[8:], ap.BSSID[:])
	if ap.Auth != hal.AuthOpen && ap.Auth != hal.AuthOWE {
		b[16] = 0x10
	}
	b[18] = byte(len(ap.SSID))
	copy(b[19:], ap.SSID)
	b[72], b[73] = ap.Channel, 0x10
	binary.LittleEndian.PutUint16(b[78:], uint16(int16(ap.RSSI)))
	binary.LittleEndian.PutUint16(b[116:], bss)
	binary.LittleEndian.PutUint32(b[120:], uint32(len(elements)))
	return append(p, elements...)
}

// security returns the information elements of a way of authentication.
func security(auth hal.AuthMode) []byte {
	wpa := []byte{221, 22, 0, 0x50, 0xf2, 1, 1, 0, 0, 0x50, 0xf2, 2, 1, 0, 0, 0x50, 0xf2, 2, 1, 0, 0, 0x50, 0xf2, 2}
	rsn := func(akms ...byte) []byte {
		e := []byte{48, byte(14 + 4*len(akms) + 2), 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, byte(len(akms)), 0}
		for _, akm := range akms {
			e = append(e, 0, 0x0f, 0xac, akm)
		}
		return append(e, 0, 0)
	}
	switch auth {
	case hal.AuthWPAPSK:
		return wpa
	case hal.AuthWPA2PSK:
		return rsn(2)
	case hal.AuthWPAWPA2PSK:
		return append(rsn(2), wpa...)
	case hal.AuthWPA2Enterprise:
		return rsn(1)
	case hal.AuthWPA3PSK:
		return rsn(8)
	case hal.AuthWPA2WPA3PSK:
		return rsn(2, 8)
	case hal.AuthOWE:
		return rsn(18)
	case hal.AuthWPA3Ent192:
		return rsn(12)
	}
	return nil
}
