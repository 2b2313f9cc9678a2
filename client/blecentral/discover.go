// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"context"
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// Discover implements client.BLELink. It makes the same requests as phones: for the
// service by its UUID, for all characteristics, for all descriptors, and for each
// user description.
func (l *Link) Discover(ctx context.Context, service ble.UUID) ([]client.BLECharacteristic, error) {
	first, last, err := l.findService(ctx, service)
	if err != nil {
		return nil, err
	}
	list, err := l.characteristics(ctx, first, last)
	if err != nil {
		return nil, err
	}
	for i := range list {
		end := last
		if i+1 < len(list) {
			end = int(list[i+1].Handle) - 2 // before its declaration
		}
		if err := l.describe(ctx, &list[i], end); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// findService returns the first and last handle of a service. The zero UUID stands
// for the first service that has a 128-bit UUID.
func (l *Link) findService(ctx context.Context, service ble.UUID) (first, last int, err error) {
	if service != (ble.UUID{}) {
		p, err := l.Request(ctx, append([]byte{0x06, 1, 0, 0xFF, 0xFF, 0x00, 0x28}, service[:]...)...)
		if errors.Is(err, ble.ATTAttributeNotFound) {
			return 0, 0, fmt.Errorf("blecentral: the device has no service %v", service)
		}
		if err != nil {
			return 0, 0, err
		}
		if len(p) < 5 {
			return 0, 0, errShort
		}
		return le.Uint16(p[1:]), le.Uint16(p[3:]), nil
	}
	for from := 1; from <= 0xFFFF; {
		p, err := l.Request(ctx, 0x10, byte(from), byte(from>>8), 0xFF, 0xFF, 0x00, 0x28)
		if err != nil {
			return 0, 0, err
		}
		if len(p) < 2 || p[1] < 6 || len(p) < 2+int(p[1]) {
			return 0, 0, errShort
		}
		size := int(p[1])
		for e := p[2:]; len(e) >= size; e = e[size:] {
			if size == 4+ble.UUIDSize {
				return le.Uint16(e), le.Uint16(e[2:]), nil
			}
			if next := le.Uint16(e[2:]) + 1; next > from {
				from = next
			} else {
				return 0, 0, errShort
			}
		}
	}
	return 0, 0, ble.ATTAttributeNotFound
}

var errShort = errors.New("blecentral: the device's answer makes no sense")

// characteristics returns the characteristics between two handles.
func (l *Link) characteristics(ctx context.Context, from, last int) (list []client.BLECharacteristic, err error) {
	for from <= last {
		p, err := l.Request(ctx, 0x08, byte(from), byte(from>>8), byte(last), byte(last>>8), 0x03, 0x28)
		if errors.Is(err, ble.ATTAttributeNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(p) < 2 || p[1] < 7 || len(p) < 2+int(p[1]) {
			return nil, errShort
		}
		size := int(p[1])
		for e := p[2:]; len(e) >= size; e = e[size:] {
			if le.Uint16(e) < from {
				return nil, errShort
			}
			from = le.Uint16(e) + 1
			c := client.BLECharacteristic{Handle: uint16(le.Uint16(e[3:]))}
			if size == 5+ble.UUIDSize {
				c.UUID = ble.UUID(e[5:size])
			} else {
				c.UUID = ble.UUID16(uint16(le.Uint16(e[5:])))
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// describe reads the user description of a characteristic, if it has one.
func (l *Link) describe(ctx context.Context, c *client.BLECharacteristic, last int) error {
	for from := int(c.Handle) + 1; from <= last; {
		p, err := l.Request(ctx, 0x04, byte(from), byte(from>>8), byte(last), byte(last>>8))
		if errors.Is(err, ble.ATTAttributeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		size := 4
		if len(p) >= 2 && p[1] == 2 {
			size = 2 + ble.UUIDSize
		}
		if len(p) < 2+size {
			return errShort
		}
		for e := p[2:]; len(e) >= size; e = e[size:] {
			if le.Uint16(e) < from {
				return errShort
			}
			from = le.Uint16(e) + 1
			if size == 4 && le.Uint16(e[2:]) == 0x2901 {
				name, err := l.readHandle(ctx, le.Uint16(e))
				c.Name = string(name)
				return err
			}
		}
	}
	return nil
}
