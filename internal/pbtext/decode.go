// SPDX-License-Identifier: Apache-2.0

package pbtext

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/hal"
)

// Hidden stands in the place of a secret.
const Hidden = "[hidden]"

// maxFields is how many fields of one message are shown.
const maxFields = 2000

// Message is what a message says, in the order of its description. Fields without a
// name in the protocol come last.
type Message []Field

// Field is a name with a value: a string, an int64, a bool, or a Message. A field
// that may occur several times is there once for each.
type Field struct {
	Name     string
	Value    any
	Repeated bool // it may occur several times
}

// Direction says who sent a message.
type Direction bool

// Directions.
const (
	Request Direction = false // the client
	Answer  Direction = true  // the device
)

// root returns the message that an endpoint takes or gives; "": it is not one of the
// protocol's.
func root(endpoint string, direction Direction) string {
	switch endpoint {
	case "prov-session":
		return "SessionData"
	case "prov-config":
		return "WiFiConfigPayload"
	case "prov-scan":
		return "WiFiScanPayload"
	case "prov-ctrl":
		return "WiFiCtrlPayload"
	case "prov-status":
		if direction == Answer {
			return "RespProvStatus"
		}
		return "CmdProvStatus"
	}
	return ""
}

// Decode returns what a request to an endpoint or its answer says. data is plain
// text, not encrypted; it is not kept. It may be anything: what is not understood is
// shown in hexadecimal digits. Unless secrets is set, the passphrase that a client
// sends is hidden, and so is what prov-config gets beside it and nobody knows. Data
// of an application's own endpoints is shown as it is.
func Decode(endpoint string, direction Direction, data []byte, secrets bool) Message {
	name := root(endpoint, direction)
	switch {
	case name != "":
		return newDecoder(endpoint, direction, !secrets).message(name, data)
	case len(data) == 0:
		return nil
	case printable(data):
		return Message{{Name: "text", Value: string(data)}}
	}
	return Message{{Name: "bytes", Value: hex.EncodeToString(data)}}
}

// Secrets returns where in data the bytes are that Decode hides, each range as its
// beginning and its length.
func Secrets(endpoint string, direction Direction, data []byte) (ranges [][2]int) {
	d := newDecoder(endpoint, direction, true)
	d.hidden = func(b []byte) {
		if len(b) > 0 {
			ranges = append(ranges, [2]int{cap(data) - cap(b), len(b)}) // b is a part of data
		}
	}
	if name := root(endpoint, direction); name != "" {
		d.message(name, data)
	}
	return ranges
}

// decoder decodes one message with those in it.
type decoder struct {
	*schema
	left    int          // fields that may still be shown
	hide    bool         // secrets
	private bool         // what is not understood may be a secret
	hidden  func([]byte) // is told of each part of the message that is hidden
}

func newDecoder(endpoint string, direction Direction, hide bool) *decoder {
	return &decoder{
		schema: load(), left: maxFields, hide: hide, private: endpoint == "prov-config" && direction == Request,
		hidden: func([]byte) {},
	}
}

// message decodes a message of a type.
func (d *decoder) message(typ string, data []byte) Message {
	fields := d.messages[typ]
	found := make([][]Field, len(fields))
	var strange Message
	for len(data) > 0 {
		if d.left--; d.left < 0 {
			if d.private {
				d.hidden(data)
			}
			strange = append(strange, Field{Name: "not_shown", Value: fmt.Sprintf("%d bytes", len(data))})
			break
		}
		v, rest, ok := take(data)
		if !ok {
			strange = append(strange, Field{Name: "malformed", Value: d.strange(data)})
			break
		}
		i := find(fields, v)
		if i < 0 {
			strange = append(strange, Field{
				Name:  "unknown_" + strconv.FormatUint(v.number, 10),
				Value: d.strange(data[v.head : len(data)-len(rest)]),
			})
		} else {
			found[i] = append(found[i], Field{Name: fields[i].name, Value: d.value(&fields[i], v), Repeated: fields[i].repeated})
		}
		data = rest
	}
	var m Message
	for i := range fields {
		if value, shown := d.absent(&fields[i]); len(found[i]) == 0 && shown {
			found[i] = []Field{{Name: fields[i].name, Value: value}}
		}
		m = append(m, found[i]...)
	}
	return append(m, strange...)
}

// absent returns the value that a field has when it is not sent, and whether it is
// worth to be shown: that of enums and of truth values, which always mean something.
func (d *decoder) absent(f *field) (value any, shown bool) {
	switch {
	case f.member || f.repeated || f.name == "ap_auth_mode": // absent without an access point
		return nil, false
	case f.typ == "bool":
		return false, true
	case d.enums[f.typ] != nil:
		return d.enums[f.typ][0], true
	}
	return nil, false
}

// value returns what a field says.
func (d *decoder) value(f *field, v value) any {
	switch f.typ {
	case "bool":
		return v.varint != 0
	case "uint32":
		return int64(uint32(v.varint))
	case "int32":
		return int64(int32(v.varint))
	case "bytes", "string":
		return d.bytes(f.name, v.bytes)
	}
	if values, is := d.enums[f.typ]; is {
		if name, known := values[int32(v.varint)]; known {
			return name
		}
		return int64(int32(v.varint))
	}
	return d.message(f.typ, v.bytes)
}

// bytes returns what bytes say, in the form that is usual for the field.
func (d *decoder) bytes(name string, b []byte) string {
	switch name {
	case "passphrase":
		if d.hide {
			d.hidden(b)
			return Hidden
		}
		return text(b)
	case "ssid", "ap_ssid":
		return hal.SSID(b).String()
	case "client_username", "ip4_addr":
		return text(b)
	case "bssid", "ap_bssid":
		if len(b) == 6 {
			return net.HardwareAddr(b).String()
		}
	case "ip_address", "ip_netmask", "ip_gateway", "ip_dns":
		if a, ok := netip.AddrFromSlice(b); ok && a.Is4() {
			return a.String()
		}
	}
	return hex.EncodeToString(b)
}

// strange returns bytes that are not understood.
func (d *decoder) strange(b []byte) string {
	if d.hide && d.private {
		d.hidden(b)
		return fmt.Sprintf("%s, %d bytes", Hidden, len(b))
	}
	return hex.EncodeToString(b)
}

// text returns bytes that should be text.
func text(b []byte) string {
	if printable(b) {
		return string(b)
	}
	return hex.EncodeToString(b)
}

func printable(b []byte) bool {
	return utf8.Valid(b) && hal.SSID(b).String() == string(b)
}

// value is a field on the wire.
type value struct {
	number uint64
	wire   uint64
	head   int // length of the tag
	varint uint64
	bytes  []byte
}

// Wire types.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// take splits a field off data.
func take(data []byte) (v value, rest []byte, ok bool) {
	tag, n := binary.Uvarint(data)
	if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
		return v, nil, false
	}
	v.number, v.wire, v.head = tag>>3, tag&7, n
	rest = data[n:]
	size := uint64(0)
	switch v.wire {
	case wireVarint:
		if v.varint, n = binary.Uvarint(rest); n <= 0 {
			return v, nil, false
		}
		return v, rest[n:], true
	case wireBytes:
		if size, n = binary.Uvarint(rest); n <= 0 {
			return v, nil, false
		}
		rest = rest[n:]
	case wire64:
		size = 8
	case wire32:
		size = 4
	default: // groups, which the protocol does not have
		return v, nil, false
	}
	if size > uint64(len(rest)) {
		return v, nil, false
	}
	v.bytes = rest[:size]
	return v, rest[size:], true
}

// find returns which of a message's fields v is; -1: none.
func find(fields []field, v value) int {
	for i, f := range fields {
		if f.number == v.number {
			want := uint64(wireBytes)
			if f.typ == "bool" || f.typ == "uint32" || f.typ == "int32" || load().enums[f.typ] != nil {
				want = wireVarint
			}
			if v.wire == want {
				return i
			}
		}
	}
	return -1
}
