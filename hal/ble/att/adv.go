// SPDX-License-Identifier: Apache-2.0

package att

import "github.com/wifiprov/wifiprov/hal/ble"

// maxAdv is the size of an advertising or scan response payload.
const maxAdv = 31

// advInterval is 160 ms in units of 0.625 ms (transports.md 2.3).
const advInterval = 0x100

// Types of advertising structures.
const (
	adFlags        = 0x01
	adUUIDs128     = 0x07 // complete list
	adName         = 0x09 // complete
	adManufacturer = 0xFF
)

// appendAdvertising appends the advertising data of transports.md 2.3 in the
// manner of NimBLE: flags and the list of 128-bit UUIDs, 21 bytes.
func appendAdvertising(dst []byte, service ble.UUID) []byte {
	dst = append(dst, 2, adFlags, 0x06, 1+ble.UUIDSize, adUUIDs128)
	return append(dst, service[:]...)
}

// appendScanResponse appends the scan response of transports.md 2.3: complete
// local name, then manufacturer data unless it is empty.
func appendScanResponse(dst []byte, name string, manufacturer []byte) []byte {
	dst = append(dst, byte(1+len(name)), adName)
	dst = append(dst, name...)
	if len(manufacturer) > 0 {
		dst = append(dst, byte(1+len(manufacturer)), adManufacturer)
		dst = append(dst, manufacturer...)
	}
	return dst
}

// advertise begins to advertise if there is a service and room for a client.
// mu is held.
func (h *Host) advertise() {
	if h.serving && !h.advOn && h.freeConn() != nil {
		h.advOn = h.enqueue(opLEAdvEnable, 1)
	}
}

// advertiseLater tries again after advertising has failed. While clients are
// connected, the next connection or disconnection is the occasion. mu is held.
func (h *Host) advertiseLater() {
	h.advOn = false
	if !h.serving || h.anyConn() {
		return
	}
	era := h.era
	h.cfg.Clock.AfterFunc(h.cfg.Timeout, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.era == era {
			h.advertise()
			h.pump()
		}
	})
}

// advParams are the parameters of LE Set Advertising Parameters.
func advParams(random bool) [15]byte {
	p := [15]byte{
		advInterval & 0xFF, advInterval >> 8,
		advInterval & 0xFF, advInterval >> 8,
		0,  // ADV_IND: connectable, undirected
		0,  // own address: public
		0,  // peer's address: unused
		13: 0x07, // all channels
		14: 0x00, // no filter
	}
	if random {
		p[5] = 1
	}
	return p
}
