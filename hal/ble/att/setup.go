// SPDX-License-Identifier: Apache-2.0

package att

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// order has the controller carry out a command; it is do or post.
type order func(what string, op uint16, params ...byte) error

// do waits until the command is complete. mu is held, but not while waiting.
func (h *Host) do(what string, op uint16, params ...byte) error {
	_, err := h.run(what, op, params...)
	return err
}

// post does not wait; failures are logged. mu is held; pump has to follow.
func (h *Host) post(_ string, op uint16, params ...byte) error {
	h.enqueue(op, params...)
	return nil
}

// chooseEvents tells the controller what the host wants to hear.
func (h *Host) chooseEvents(give order) error {
	// The default events and LE Meta; of that, connections and key requests.
	mask := [8]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0x00, 0x20}
	if h.cfg.Pairing != nil {
		mask[5] |= 0x80 // Encryption Key Refresh Complete
	}
	if err := give("event mask", opSetEventMask, mask[:]...); err != nil {
		return err
	}
	return give("LE event mask", opLESetEventMask, 0x11, 0, 0, 0, 0, 0, 0, 0)
}

// setUpAdvertising tells the controller how to appear.
func (h *Host) setUpAdvertising(cfg *ble.Config, give order) error {
	random := cfg.RandomAddress != [6]byte{}
	if random {
		a := cfg.RandomAddress
		if err := give("random address", opLESetRandomAddr, a[5], a[4], a[3], a[2], a[1], a[0]); err != nil {
			return err
		}
	}
	params := advParams(random)
	if err := give("advertising parameters", opLEAdvParams, params[:]...); err != nil {
		return err
	}
	// Both payloads are set each time, so that nothing of an earlier start
	// is left (Q-T20).
	var data [1 + maxAdv]byte
	data[0] = byte(len(appendAdvertising(data[1:1], cfg.Service)))
	if err := give("advertising data", opLEAdvData, data[:]...); err != nil {
		return err
	}
	data = [1 + maxAdv]byte{}
	data[0] = byte(len(appendScanResponse(data[1:1], cfg.DeviceName, cfg.ManufacturerData)))
	return give("scan response", opLEScanResponse, data[:]...)
}

// failed takes the event Hardware Error: the controller has lost its state and its
// clients. failed sets it up again, without waiting, since this is the receiver. A
// start that is under way fails. mu is held, but not during calls of the handler.
func (h *Host) failed(code byte) {
	h.cfg.Logger.Log(hal.LevelError, "the BLE controller reports a hardware error and is reset",
		hal.Attr{Key: "code", Value: strconv.Itoa(int(code))})
	h.dropCommands()
	if h.waiter != nil {
		h.finish(completion{err: errHardware})
		return
	}
	if !h.up {
		return
	}
	var told [MaxConns]ble.Conn
	gone := told[:0]
	h.eachConn(func(c *conn) {
		if h.serves(c) {
			gone = append(gone, c.id)
		}
		c.close()
		c.wipe()
	})
	h.wakeDrained()
	h.aclFree, h.advOn = h.aclNum, false
	if h.leaving {
		h.powerDown()
		return
	}
	h.enqueue(opReset)
	_ = h.chooseEvents(h.post)
	if h.serving {
		_ = h.setUpAdvertising(&h.gatt, h.post)
		h.advertise()
	}
	for era := h.era; len(gone) > 0 && h.serving && h.era == era; gone = gone[1:] {
		handler := h.handler
		h.mu.Unlock()
		handler.Disconnected(gone[0], ble.ReasonHardwareFailure)
		h.mu.Lock()
	}
}
