// SPDX-License-Identifier: Apache-2.0

package cyw43

import (
	"bytes"

	"github.com/wifiprov/wifiprov/hal"
)

// A command that starts a scan of all channels, active, with the firmware's own times:
// the name of the variable, then numbers.
const (
	scanName    = "escan\x00"
	scanLen     = len(scanName) + 76
	scanVersion = 1
	scanStart   = 1
	atBroadcast = len(scanName) + 44 // six bytes, and the type of network after them
	atProbes    = len(scanName) + 52 // four numbers; -1: as the firmware likes
)

// A result of a scan: a header, then an access point with its information elements.
// Numbers are in the chip's order.
const (
	resultHead = 12
	apLen      = 128
	atBSSID    = 8
	atCaps     = 16
	atSSIDLen  = 18
	atSSID     = 19
	atChanspec = 72
	atRSSI     = 78
	atHasHT    = 81
	atControl  = 88 // the channel, if atHasHT is not zero
	atIEs      = 116
	atIEsLen   = 120

	capPrivacy = 0x10
)

// maxFound bounds the memory of a scan.
const maxFound = 64

// search is a scan, and what it has found so far.
type search struct {
	done  chan bool // nil: no scan runs; gets whether it ended as it should
	found []hal.AccessPoint
}

// beginScan returns the command for a scan, and what it ends with.
func (b *Bus) beginScan() (*order, <-chan bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.scan
	s.done, s.found = make(chan bool, 1), nil
	data := make([]byte, scanLen)
	copy(data, scanName)
	put32(data[len(scanName):], scanVersion)
	put16(data[len(scanName)+4:], scanStart)
	for i := range 6 {
		data[atBroadcast+i] = 0xff
	}
	data[atBroadcast+6] = 2 // any type
	for i := range 4 {
		put32(data[atProbes+4*i:], ^uint32(0))
	}
	return &order{command: commandSetVar, set: true, data: data}, s.done
}

// endScan returns what a scan has found.
func (b *Bus) endScan() []hal.AccessPoint {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.scan.found
	b.scan.done, b.scan.found = nil, nil
	return found
}

// event takes an event of a scan.
func (s *search) event(e event) {
	if s.done == nil {
		return
	}
	if e.status != statusPartial {
		s.done <- e.status == statusOK
		s.done = nil
		return
	}
	if len(e.info) < resultHead {
		return
	}
	if ap, ok := parseAP(e.info[resultHead:]); ok {
		s.add(ap)
	}
}

// add adds an access point, or hears it once more.
func (s *search) add(ap hal.AccessPoint) {
	for i := range s.found {
		if s.found[i].BSSID == ap.BSSID {
			if ap.RSSI > s.found[i].RSSI {
				s.found[i] = ap
			}
			return
		}
	}
	if !ap.SSID.Hidden() && len(s.found) < maxFound {
		s.found = append(s.found, ap)
	}
}

func parseAP(p []byte) (ap hal.AccessPoint, ok bool) {
	if len(p) < apLen || p[atSSIDLen] > hal.MaxSSID {
		return ap, false
	}
	copy(ap.BSSID[:], p[atBSSID:])
	ap.SSID = hal.SSID(p[atSSID:][:p[atSSIDLen]])
	ap.Channel = p[atChanspec]
	if p[atHasHT] != 0 && p[atControl] != 0 {
		ap.Channel = p[atControl]
	}
	ap.RSSI = int8(max(-128, min(int16(u16(p[atRSSI:])), 0)))
	var elements []byte
	if start, n := int(u16(p[atIEs:])), u32(p[atIEsLen:]); start <= len(p) && n <= uint32(len(p)-start) {
		elements = p[start:][:n]
	}
	ap.Auth = authOf(u16(p[atCaps:])&capPrivacy != 0, elements)
	return ap, true
}

// Information elements, and the ways of authentication that they name.
const (
	elementRSN    = 48
	elementVendor = 221
	suiteLen      = 4

	akm8021X    = 1
	akmPSK      = 2
	akm8021X256 = 5
	akmPSK256   = 6
	akmSAE      = 8
	akmSuiteB   = 12
	akmOWE      = 18
)

var wpaVendor = []byte{0x00, 0x50, 0xf2, 1}

// authOf returns the authentication that an access point announces.
func authOf(private bool, elements []byte) hal.AuthMode {
	var wpa, psk, sae, enterprise, suiteB, owe bool
	for len(elements) >= 2 && len(elements) >= 2+int(elements[1]) {
		id, body := elements[0], elements[2:2+int(elements[1])]
		elements = elements[2+len(body):]
		switch {
		case id == elementVendor && bytes.HasPrefix(body, wpaVendor):
			wpa = true
		case id == elementRSN:
			for _, akm := range suites(body) {
				switch akm {
				case akmPSK, akmPSK256:
					psk = true
				case akmSAE:
					sae = true
				case akm8021X, akm8021X256:
					enterprise = true
				case akmSuiteB:
					suiteB = true
				case akmOWE:
					owe = true
				}
			}
		}
	}
	switch {
	case suiteB:
		return hal.AuthWPA3Ent192
	case enterprise:
		return hal.AuthWPA2Enterprise
	case psk && sae:
		return hal.AuthWPA2WPA3PSK
	case sae:
		return hal.AuthWPA3PSK
	case owe:
		return hal.AuthOWE
	case psk && wpa:
		return hal.AuthWPAWPA2PSK
	case psk:
		return hal.AuthWPA2PSK
	case wpa:
		return hal.AuthWPAPSK
	case private:
		return hal.AuthWEP
	}
	return hal.AuthOpen
}

// suites returns the numbers of the ways of authentication in an RSN element, of those
// that IEEE 802.11 numbers.
func suites(body []byte) (akms []byte) {
	const version, group = 2, suiteLen
	if len(body) < version+group+2 {
		return nil
	}
	body = body[version+group:]
	pairs := int(u16(body))
	if len(body) < 2+pairs*suiteLen+2 {
		return nil
	}
	body = body[2+pairs*suiteLen:]
	n := int(u16(body))
	body = body[2:]
	for ; n > 0 && len(body) >= suiteLen; n-- {
		if body[0] == 0 && body[1] == 0x0f && body[2] == 0xac {
			akms = append(akms, body[3])
		}
		body = body[suiteLen:]
	}
	return akms
}
