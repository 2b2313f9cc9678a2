// SPDX-License-Identifier: Apache-2.0

package cyw43

import "github.com/wifiprov/wifiprov/hal"

// An event is an Ethernet frame of Broadcom's own type, with numbers in network order.
// Before it is a header whose last byte says how many words there are between.
const (
	bdcLen     = 4
	etherType  = 0x886c
	atEther    = 12
	atOUI      = 19 // 00:10:18
	atType     = 28
	atStatus   = 32
	atReason   = 36
	atInfoLen  = 44
	atInfo     = 72
	ouiLow     = 0x1018
	evSetSSID  = 0
	evAuth     = 3
	evDeauth   = 6 // by the access point
	evAssoc    = 7
	evDisassoc = 12 // by the access point
	evHands    = 46 // the 4-way handshake: PSK_SUP
	evScan     = 69 // ESCAN_RESULT
)

// Statuses of events.
const (
	statusOK         = 0
	statusFail       = 1
	statusNoNetworks = 3
	statusUnasked    = 6
	statusPartial    = 8

	handsDone    = 6  // of evHands
	handsTimeout = 15 // reason of evHands
	handsRoamed  = 14 // reason of evHands; it means nothing
)

// Status codes of IEEE 802.11 in the event of an association.
const (
	assocFull = 17 // AP unable to handle additional associated stations
)

type event struct {
	kind, status, reason uint32
	info                 []byte
}

func parseEvent(p []byte) (event, bool) {
	if len(p) < bdcLen {
		return event{}, false
	}
	skip := bdcLen + 4*int(p[3])
	if len(p) < skip+atInfo {
		return event{}, false
	}
	p = p[skip:]
	if be16(p[atEther:]) != etherType || p[atOUI] != 0 || be16(p[atOUI+1:]) != ouiLow {
		return event{}, false
	}
	e := event{
		kind: be32(p[atType:]), status: be32(p[atStatus:]), reason: be32(p[atReason:]), info: p[atInfo:],
	}
	if n := be32(p[atInfoLen:]); n < uint32(len(e.info)) {
		e.info = e.info[:n]
	}
	return e, true
}

// event takes an event, with b.mu held.
func (b *Bus) event(e event) {
	if e.kind == evScan {
		b.scan.event(e)
		return
	}
	if !b.join.on {
		return
	}
	reason, over := reasonOf(e)
	if reason != 0 && b.join.reason == 0 {
		b.join.reason = reason
	}
	if over {
		b.join.stop = true // the driver would wait for 10 s
	}
}

// reasonOf returns why an attempt to join fails by an event, and whether it is over
// although the driver does not say so. 0: the event says nothing of that kind.
func reasonOf(e event) (reason hal.Reason, over bool) {
	switch e.kind {
	case evSetSSID:
		switch e.status {
		case statusOK:
		case statusNoNetworks:
			return hal.ReasonNoAPFound, false
		default:
			return hal.ReasonConnectionFail, false
		}
	case evAuth:
		switch e.status {
		case statusOK, statusUnasked:
		case statusFail:
			return hal.ReasonAuthFail, false
		default:
			return hal.ReasonAuthExpire, false
		}
	case evAssoc:
		switch {
		case e.status == statusOK || e.status == statusUnasked:
		case e.reason == assocFull:
			return hal.ReasonAssocTooMany, false
		default:
			return hal.ReasonAssocFail, false
		}
	case evDeauth, evDisassoc:
		if e.reason > 0 && e.reason < 200 {
			return hal.Reason(e.reason), false
		}
	case evHands:
		switch {
		case e.status == handsDone || e.reason == handsRoamed:
		case e.reason == handsTimeout:
			return hal.Reason4WayHandshakeTimeout, true
		default:
			return hal.ReasonHandshakeTimeout, true
		}
	}
	return 0, false
}

func be16(p []byte) uint16 { return uint16(p[0])<<8 | uint16(p[1]) }
func be32(p []byte) uint32 { return uint32(be16(p))<<16 | uint32(be16(p[2:])) }
