// SPDX-License-Identifier: Apache-2.0

package att

import (
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/le"
)

// Handles of the attribute table. It is computed, not stored:
//
//	1   service GAP           0x1800
//	2 3 characteristic        0x2A00 device name
//	4 5 characteristic        0x2A01 appearance
//	6   service GATT          0x1801
//	7   service of the application
//	8 … characteristics: declaration, value, [0x2902], 0x2901
//
// as NimBLE orders them.
const (
	handleGAP     = 1
	handleName    = 3
	handleLook    = 5
	handleGATT    = 6
	handleService = 7
	handleFirst   = 8
)

// Types of attributes that the Bluetooth SIG assigned.
const (
	typeService        = 0x2800
	typeSecondary      = 0x2801
	typeCharacteristic = 0x2803
	typeDescription    = 0x2901
	typeConfiguration  = 0x2902
	typeDeviceName     = 0x2A00
	typeAppearance     = 0x2A01
)

// Properties of characteristics.
const (
	propRead   = 0x02
	propWrite  = 0x08
	propNotify = 0x10
)

type attrKind uint8

const (
	attrNone attrKind = iota
	attrService
	attrDeclaration
	attrName
	attrLook
	attrValue
	attrConfiguration
	attrDescription
)

// attr is one attribute.
type attr struct {
	kind   attrKind
	handle int
	char   int // index of the application's characteristic; -1: none
}

// table is the attribute table of one service.
type table struct {
	cfg  *ble.Config
	per  int // attributes of a characteristic
	last int // highest handle; 0: there is no table
}

func newTable(cfg *ble.Config) table {
	per := 3
	if cfg.Notify {
		per = 4
	}
	return table{cfg, per, handleService + per*len(cfg.Characteristics)}
}

// at returns the attribute with a handle.
func (t *table) at(handle int) attr {
	a := attr{handle: handle, char: -1}
	switch {
	case handle < 1 || handle > t.last:
	case handle == handleGAP || handle == handleGATT || handle == handleService:
		a.kind = attrService
	case handle == handleName:
		a.kind = attrName
	case handle == handleLook:
		a.kind = attrLook
	case handle < handleGATT:
		a.kind = attrDeclaration
	default:
		a.char = (handle - handleFirst) / t.per
		switch i := (handle - handleFirst) % t.per; {
		case i == 0:
			a.kind = attrDeclaration
		case i == 1:
			a.kind = attrValue
		case i == t.per-1:
			a.kind = attrDescription
		default:
			a.kind = attrConfiguration
		}
	}
	return a
}

// typeOf returns an attribute's 16-bit type; 0 for the value of an application's
// characteristic, whose type has 128 bits.
func (t *table) typeOf(a attr) int {
	switch a.kind {
	case attrService:
		return typeService
	case attrDeclaration:
		return typeCharacteristic
	case attrName:
		return typeDeviceName
	case attrLook:
		return typeAppearance
	case attrConfiguration:
		return typeConfiguration
	case attrDescription:
		return typeDescription
	}
	return 0
}

// appendType appends an attribute's type, 2 or 16 bytes.
func (t *table) appendType(dst []byte, a attr) []byte {
	if short := t.typeOf(a); short != 0 {
		return append(dst, byte(short), byte(short>>8))
	}
	return append(dst, t.cfg.Characteristics[a.char].UUID[:]...)
}

// short returns the 16-bit form of a type given as 2 or 16 bytes; 0 if it has none.
func short(typ []byte) int {
	if len(typ) == 2 {
		return le.Uint16(typ)
	}
	if id := le.Uint16(typ[12:]); ble.UUID(typ) == ble.UUID16(uint16(id)) {
		return id
	}
	return 0
}

// typeIs reports whether an attribute has a type, given as 2 or 16 bytes.
func (t *table) typeIs(a attr, typ []byte) bool {
	if own := t.typeOf(a); own != 0 {
		return short(typ) == own
	}
	own := &t.cfg.Characteristics[a.char].UUID
	if len(typ) == 2 {
		return *own == ble.UUID16(uint16(le.Uint16(typ)))
	}
	return *own == ble.UUID(typ)
}

// serviceEnd returns the last handle of the service that begins at handle.
func (t *table) serviceEnd(handle int) int {
	switch handle {
	case handleGAP:
		return handleGATT - 1
	case handleGATT:
		return handleGATT
	}
	return t.last
}

// appendService appends a service's UUID, 2 or 16 bytes.
func (t *table) appendService(dst []byte, handle int) []byte {
	switch handle {
	case handleGAP:
		return append(dst, 0x00, 0x18)
	case handleGATT:
		return append(dst, 0x01, 0x18)
	}
	return append(dst, t.cfg.Service[:]...)
}

// static copies the value of an attribute from offset on, or fails with
// ATTInvalidOffset. The attribute is none of the application's values.
func (t *table) static(c *conn, a attr, offset int, dst []byte) (int, ble.ATTError) {
	var buf [5 + ble.UUIDSize]byte
	text, value := "", buf[:0]
	switch a.kind {
	case attrService:
		value = t.appendService(value, a.handle)
	case attrDeclaration:
		props := byte(propRead)
		if a.char >= 0 {
			props |= propWrite
			if t.cfg.Notify {
				props |= propNotify
			}
		}
		value = append(value, props, byte(a.handle+1), byte((a.handle+1)>>8))
		value = t.appendType(value, t.at(a.handle+1))
	case attrName:
		text = t.cfg.DeviceName
	case attrLook:
		value = append(value, 0, 0) // unknown
	case attrConfiguration:
		value = append(value, byte(c.notify>>a.char&1), 0)
	case attrDescription:
		text = t.cfg.Characteristics[a.char].Name
	}
	if offset > len(text)+len(value) {
		return 0, ble.ATTInvalidOffset
	}
	if text != "" {
		return copy(dst, text[offset:]), ble.ATTSuccess
	}
	return copy(dst, value[offset:]), ble.ATTSuccess
}

// equals reports whether an attribute has a value. The attribute is none of the
// application's values.
func (t *table) equals(c *conn, a attr, want []byte) bool {
	var part [32]byte
	for offset := 0; ; offset += len(part) {
		n, code := t.static(c, a, offset, part[:])
		if code != ble.ATTSuccess || n > len(want) || string(part[:n]) != string(want[:n]) {
			return false
		}
		if want = want[n:]; n < len(part) {
			return len(want) == 0
		}
	}
}
