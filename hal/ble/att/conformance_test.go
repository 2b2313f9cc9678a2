// SPDX-License-Identifier: Apache-2.0

package att

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// What is asked of each request (Bluetooth Core, Vol 3 Part F 3.4), with
// NimBLE's choice of codes where the specification leaves one.
const (
	isValid   = "valid"
	badHandle = "invalid handle"
	badOffset = "invalid offset"
	tooShort  = "too short"
	tooLong   = "too long"
	badState  = "wrong state"
)

var classes = []string{isValid, badHandle, badOffset, tooShort, tooLong, badState}

// States of the connection before the request.
const (
	fresh   = ""        // MTU 23
	mtu256  = "MTU 256" // exchanged
	mtu517  = "MTU 517"
	pending = "a write waits for its answer"
	stopped = "StopGATT was called with KeepOn"
)

type conformance struct {
	class  string
	name   string
	state  string
	before string // requests, with commas
	req    string // bytes from the client
	want   string // bytes to it; "": none
}

// Handles of the service of three characteristics: 7 service; 8, 11 and 14
// declarations; 9, 12 and 15 values of 3, 0 and 30 bytes; 10, 13 and 16 their
// descriptions, "prov-session", "proto-ver" and "custom-data".
var conformances = []struct {
	op   byte
	name string
	none map[string]string // classes that there are not, and why
	rows []conformance
}{
	{0x02, "Exchange MTU", map[string]string{badHandle: "it has none", badOffset: "it has none"}, []conformance{
		{isValid, "more than ours", fresh, "", "02 0502", "03 0502"},
		{isValid, "less than ours", fresh, "", "02 4000", "03 0502"},
		{isValid, "less than the least is 23", fresh, "", "02 0000", "03 0502"},
		{isValid, "and 23 it stays", fresh, "02 0000", "0a 0f00", "0b 000102030405060708090a0b0c0d0e0f101112131415"},
		{isValid, "as much as there is", fresh, "", "02 ffff", "03 0502"},
		{tooShort, "a byte", fresh, "", "02 05", "01 02 0000 04"},
		{tooShort, "nothing", fresh, "", "02", "01 02 0000 04"},
		{tooLong, "a byte", fresh, "", "02 0502 00", "01 02 0000 04"},
		{badState, "a second time", mtu256, "", "02 1700", "03 0502"},
		{badState, "the last one counts", mtu256, "02 1700", "0a 0f00", "0b 000102030405060708090a0b0c0d0e0f101112131415"},
		{badState, "while a request is pending", pending, "", "02 0502", ""},
		{badState, "stopped", stopped, "", "02 0502", "03 0502"},
	}},
	{0x04, "Find Information", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "short types, as many as fit", fresh, "", "04 0100 ffff", "05 01 0100 0028 0200 0328 0300 002a 0400 0328 0500 012a"},
		{isValid, "short types up to a long one", fresh, "", "04 0600 ffff", "05 01 0600 0028 0700 0028 0800 0328"},
		{isValid, "a long type", fresh, "", "04 0900 ffff", "05 02 0900" + uuid51},
		{isValid, "a range of one", fresh, "", "04 0a00 0a00", "05 01 0a00 0129"},
		{isValid, "the last one", fresh, "", "04 1000 1000", "05 01 1000 0129"},
		{badHandle, "0", fresh, "", "04 0000 ffff", "01 04 0000 01"},
		{badHandle, "0 to 0", fresh, "", "04 0000 0000", "01 04 0000 01"},
		{badHandle, "reversed", fresh, "", "04 0200 0100", "01 04 0200 01"},
		{badHandle, "beyond the table", fresh, "", "04 1100 ffff", "01 04 1100 0a"},
		{badHandle, "the highest", fresh, "", "04 ffff ffff", "01 04 ffff 0a"},
		{tooShort, "a byte", fresh, "", "04 0100 ff", "01 04 0000 04"},
		{tooShort, "nothing", fresh, "", "04", "01 04 0000 04"},
		{tooLong, "a byte", fresh, "", "04 0100 ffff 00", "01 04 0000 04"},
		{badState, "a larger MTU has room for all", mtu256, "", "04 0100 0800", "05 01 0100 0028 0200 0328 0300 002a 0400 0328 0500 012a 0600 0028 0700 0028 0800 0328"},
		{badState, "while a request is pending", pending, "", "04 0100 ffff", ""},
		{badState, "stopped", stopped, "", "04 0900 ffff", "05 02 0900" + uuid51},
	}},
	{0x06, "Find By Type Value", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "the service", fresh, "", "06 0100 ffff 0028" + ffUUID, "07 0700 1000"},
		{isValid, "GAP", fresh, "", "06 0100 ffff 0028 0018", "07 0100 0500"},
		{isValid, "GATT", fresh, "", "06 0100 ffff 0028 0118", "07 0600 0600"},
		{isValid, "the service again, after it", fresh, "", "06 1100 ffff 0028" + ffUUID, "01 06 1100 0a"},
		{isValid, "another service", fresh, "", "06 0100 ffff 0028 0f18", "01 06 0100 0a"},
		{isValid, "a part of a UUID", fresh, "", "06 0100 ffff 0028" + ffUUID[:30], "01 06 0100 0a"},
		{isValid, "no value", fresh, "", "06 0100 ffff 0028", "01 06 0100 0a"},
		{isValid, "a type that nothing has, and no value", fresh, "", "06 0100 ffff 0000", "01 06 0100 0a"},
		{isValid, "secondary service", fresh, "", "06 0100 ffff 0128" + ffUUID, "01 06 0100 0a"},
		{isValid, "another type", fresh, "", "06 0100 ffff 012a 0000", "07 0500 0500"},
		{isValid, "a description", fresh, "", "06 0100 ffff 0129" + version, "07 0d00 0d00"},
		{isValid, "the beginning of a description", fresh, "", "06 0100 ffff 0129" + version[:16], "01 06 0100 0a"},
		{isValid, "more than a description", fresh, "", "06 0100 ffff 0129" + version + "00", "01 06 0100 0a"},
		{badHandle, "0", fresh, "", "06 0000 ffff 0028 0018", "01 06 0000 01"},
		{badHandle, "reversed", fresh, "", "06 0200 0100 0028 0018", "01 06 0200 01"},
		{badHandle, "beyond the table", fresh, "", "06 1100 ffff 0028 0018", "01 06 1100 0a"},
		{tooShort, "no type", fresh, "", "06 0100 ffff 00", "01 06 0000 04"},
		{tooShort, "nothing", fresh, "", "06", "01 06 0000 04"},
		{tooLong, "than any service", mtu256, "", "06 0100 ffff 0028" + ffUUID + "00", "01 06 0100 0a"},
		{tooLong, "than the MTU", fresh, "", "06 0100 ffff 0028" + ffUUID + "00", "01 06 0000 04"},
		{badState, "while a request is pending", pending, "", "06 0100 ffff 0028 0018", ""},
		{badState, "stopped", stopped, "", "06 0100 ffff 0028" + ffUUID, "07 0700 1000"},
	}},
	{0x08, "Read By Type", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "characteristics of the service", fresh, "", "08 0700 1000 0328", "09 15 0800 0a 0900" + uuid51},
		{isValid, "the next one", fresh, "", "08 0900 1000 0328", "09 15 0b00 0a 0c00" + uuid53},
		{isValid, "no more", fresh, "", "08 0f00 1000 0328", "01 08 0f00 0a"},
		{isValid, "short ones, and a long one that does not fit", fresh, "", "08 0100 ffff 0328", "09 07 0200 02 0300 002a 0400 02 0500 012a"},
		{isValid, "by the long form", fresh, "", "08 0700 1000 fb349b5f80000080001000000328 0000", "09 15 0800 0a 0900" + uuid51},
		{isValid, "the name", fresh, "", "08 0100 ffff 002a", "09 08 0300 50524f565f31"},
		{isValid, "a value", fresh, "", "08 0100 ffff" + uuid51, "09 05 0900 aabbcc"},
		{isValid, "an empty value", fresh, "", "08 0100 ffff" + uuid53, "09 02 0c00"},
		{isValid, "the beginning of a long value", fresh, "", "08 0100 ffff" + uuid54, "09 15 0f00 000102030405060708090a0b0c0d0e0f101112"},
		{isValid, "a type that is not there: database hash", fresh, "", "08 0100 ffff 2a2b", "01 08 0100 0a"},
		{isValid, "included services", fresh, "", "08 0700 1000 0228", "01 08 0700 0a"},
		{badHandle, "0", fresh, "", "08 0000 ffff 0328", "01 08 0000 01"},
		{badHandle, "reversed", fresh, "", "08 0500 0100 0328", "01 08 0500 01"},
		{badHandle, "beyond the table", fresh, "", "08 1100 ffff 0328", "01 08 1100 0a"},
		{tooShort, "half a type", fresh, "", "08 0100 ffff 03", "01 08 0000 04"},
		{tooShort, "nothing", fresh, "", "08", "01 08 0000 04"},
		{tooLong, "a type of 3", fresh, "", "08 0100 ffff 0328 00", "01 08 0000 04"},
		{tooLong, "a type of 17", fresh, "", "08 0100 ffff" + uuid51 + "00", "01 08 0000 04"},
		{badState, "a larger MTU has room for all", mtu256, "", "08 0700 ffff 0328", "09 15 0800 0a 0900" + uuid51 + "0b00 0a 0c00" + uuid53 + "0e00 0a 0f00" + uuid54},
		{badState, "only those as long as the first", mtu256, "", "08 0100 ffff 0328", "09 07 0200 02 0300 002a 0400 02 0500 012a"},
		{badState, "descriptions as long as the first", mtu256, "", "08 0100 ffff 0129", "09 0e 0a00" + session},
		{badState, "while a request is pending", pending, "", "08 0700 1000 0328", ""},
		{badState, "stopped", stopped, "", "08 0700 1000 0328", "09 15 0800 0a 0900" + uuid51},
		{badState, "a value, stopped", stopped, "", "08 0100 ffff" + uuid51, "01 08 0900 0e"},
	}},
	{0x0A, "Read", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "a value", fresh, "", "0a 0900", "0b aabbcc"},
		{isValid, "an empty one", fresh, "", "0a 0c00", "0b"},
		{isValid, "the beginning of a long one", fresh, "", "0a 0f00", "0b 000102030405060708090a0b0c0d0e0f101112131415"},
		{isValid, "a declaration", fresh, "", "0a 0800", "0b 0a 0900" + uuid51},
		{isValid, "a service", fresh, "", "0a 0700", "0b" + ffUUID},
		{isValid, "a short service", fresh, "", "0a 0600", "0b 0118"},
		{isValid, "a description", fresh, "", "0a 0a00", "0b" + session},
		{isValid, "the name", fresh, "", "0a 0300", "0b 50524f565f31"},
		{badHandle, "0", fresh, "", "0a 0000", "01 0a 0000 01"},
		{badHandle, "beyond the table", fresh, "", "0a 1100", "01 0a 1100 01"},
		{badHandle, "the highest", fresh, "", "0a ffff", "01 0a ffff 01"},
		{tooShort, "a byte", fresh, "", "0a 09", "01 0a 0000 04"},
		{tooShort, "nothing", fresh, "", "0a", "01 0a 0000 04"},
		{tooLong, "a byte", fresh, "", "0a 0900 00", "01 0a 0000 04"},
		{badState, "a larger MTU has room for all", mtu256, "", "0a 0f00", "0b 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"},
		{badState, "while a request is pending", pending, "", "0a 0900", ""},
		{badState, "stopped", stopped, "", "0a 0900", "01 0a 0900 0e"},
		{badState, "the name, stopped", stopped, "", "0a 0300", "0b 50524f565f31"},
	}},
	{0x0C, "Read Blob", nil, []conformance{
		{isValid, "from the beginning", fresh, "", "0c 0f00 0000", "0d 000102030405060708090a0b0c0d0e0f101112131415"},
		{isValid, "the rest", fresh, "", "0c 0f00 1600", "0d 161718191a1b1c1d"},
		{isValid, "nothing is left", fresh, "", "0c 0f00 1e00", "0d"},
		{isValid, "of a short value", fresh, "", "0c 0900 0100", "0d bbcc"},
		{isValid, "of an empty value", fresh, "", "0c 0c00 0000", "0d"},
		{isValid, "of a description", fresh, "", "0c 0d00 0500", "0d" + version[10:]},
		{badHandle, "0", fresh, "", "0c 0000 0000", "01 0c 0000 01"},
		{badHandle, "beyond the table", fresh, "", "0c 1100 0000", "01 0c 1100 01"},
		{badOffset, "beyond the value", fresh, "", "0c 0f00 1f00", "01 0c 0f00 07"},
		{badOffset, "beyond an empty value", fresh, "", "0c 0c00 0100", "01 0c 0c00 07"},
		{badOffset, "far beyond", fresh, "", "0c 0f00 ffff", "01 0c 0f00 07"},
		{badOffset, "beyond a description", fresh, "", "0c 0d00 0a00", "01 0c 0d00 07"},
		{badOffset, "beyond a declaration", fresh, "", "0c 0800 1400", "01 0c 0800 07"},
		{tooShort, "a byte", fresh, "", "0c 0900 01", "01 0c 0000 04"},
		{tooShort, "nothing", fresh, "", "0c", "01 0c 0000 04"},
		{tooLong, "a byte", fresh, "", "0c 0900 0100 00", "01 0c 0000 04"},
		{badState, "without a Read before", fresh, "", "0c 0f00 1d00", "0d 1d"},
		{badState, "while a request is pending", pending, "", "0c 0900 0000", ""},
		{badState, "stopped", stopped, "", "0c 0900 0000", "01 0c 0900 0e"},
	}},
	{0x0E, "Read Multiple: not supported", map[string]string{badHandle: "not looked at", badOffset: "it has none"}, []conformance{
		{isValid, "two", fresh, "", "0e 0900 0c00", "01 0e 0000 06"},
		{tooShort, "one", fresh, "", "0e 0900", "01 0e 0000 06"},
		{tooShort, "nothing", fresh, "", "0e", "01 0e 0000 06"},
		{tooLong, "than the MTU", fresh, "", "0e" + strings.Repeat("0900", 12), "01 0e 0000 04"},
		{badState, "while a request is pending", pending, "", "0e 0900 0c00", ""},
		{badState, "stopped", stopped, "", "0e 0900 0c00", "01 0e 0000 06"},
	}},
	{0x20, "Read Multiple Variable Length: not supported", map[string]string{badHandle: "not looked at", badOffset: "it has none"}, []conformance{
		{isValid, "two", fresh, "", "20 0900 0c00", "01 20 0000 06"},
		{tooShort, "one", fresh, "", "20 0900", "01 20 0000 06"},
		{tooLong, "than the MTU", fresh, "", "20" + strings.Repeat("0900", 12), "01 20 0000 04"},
		{badState, "while a request is pending", pending, "", "20 0900 0c00", ""},
		{badState, "stopped", stopped, "", "20 0900 0c00", "01 20 0000 06"},
	}},
	{0x10, "Read By Group Type", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "short ones", fresh, "", "10 0100 ffff 0028", "11 06 0100 0500 0018 0600 0600 0118"},
		{isValid, "the long one", fresh, "", "10 0700 ffff 0028", "11 14 0700 1000" + ffUUID},
		{isValid, "no more", fresh, "", "10 1100 ffff 0028", "01 10 1100 0a"},
		{isValid, "from inside a service on", fresh, "", "10 0200 0600 0028", "11 06 0600 0600 0118"},
		{isValid, "by the long form", fresh, "", "10 0700 ffff fb349b5f80000080001000000028 0000", "11 14 0700 1000" + ffUUID},
		{isValid, "secondary services", fresh, "", "10 0100 ffff 0128", "01 10 0100 0a"},
		{isValid, "another group", fresh, "", "10 0100 ffff 0328", "01 10 0100 10"},
		{isValid, "another group of 128 bits", fresh, "", "10 0100 ffff" + uuid51, "01 10 0100 10"},
		{badHandle, "0", fresh, "", "10 0000 ffff 0028", "01 10 0000 01"},
		{badHandle, "reversed", fresh, "", "10 0200 0100 0028", "01 10 0200 01"},
		{badHandle, "beyond the table", fresh, "", "10 1200 ffff 0028", "01 10 1200 0a"},
		{tooShort, "half a type", fresh, "", "10 0100 ffff 00", "01 10 0000 04"},
		{tooShort, "nothing", fresh, "", "10", "01 10 0000 04"},
		{tooLong, "a type of 3", fresh, "", "10 0100 ffff 0028 00", "01 10 0000 04"},
		{tooLong, "a type of 17", fresh, "", "10 0100 ffff" + uuid51 + "00", "01 10 0000 04"},
		{badState, "only those as long as the first", mtu256, "", "10 0100 ffff 0028", "11 06 0100 0500 0018 0600 0600 0118"},
		{badState, "while a request is pending", pending, "", "10 0100 ffff 0028", ""},
		{badState, "stopped", stopped, "", "10 0700 ffff 0028", "11 14 0700 1000" + ffUUID},
	}},
	{0x12, "Write Request", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "a value", fresh, "", "12 0900 0102", "13"},
		{isValid, "it was written", fresh, "12 0900 0102", "0a 0900", "0b 0102"},
		{isValid, "nothing", fresh, "12 0900", "0a 0900", "0b"},
		{isValid, "as much as fits", fresh, "", "12 0900" + strings.Repeat("55", 20), "13"},
		{badHandle, "0", fresh, "", "12 0000 01", "01 12 0000 01"},
		{badHandle, "beyond the table", fresh, "", "12 1100 01", "01 12 1100 01"},
		{badHandle, "a service", fresh, "", "12 0700 01", "01 12 0700 03"},
		{badHandle, "a declaration", fresh, "", "12 0800 01", "01 12 0800 03"},
		{badHandle, "the name", fresh, "", "12 0300 01", "01 12 0300 03"},
		{badHandle, "a description (transports.md 2.2)", fresh, "", "12 0a00 01", "01 12 0a00 0e"},
		{tooShort, "a byte", fresh, "", "12 09", "01 12 0000 04"},
		{tooShort, "nothing", fresh, "", "12", "01 12 0000 04"},
		{tooLong, "than the MTU", fresh, "", "12 0900" + strings.Repeat("55", 21), "01 12 0000 04"},
		{tooLong, "than a value", mtu517, "", "12 0900" + strings.Repeat("55", 513), "01 12 0900 0d"},
		{tooLong, "than any value, and it was not written", mtu517, "12 0900" + strings.Repeat("55", 513), "0a 0900", "0b aabbcc"},
		{isValid, "the longest value", mtu517, "12 0900" + strings.Repeat("55", 512), "0a 0900", "0b" + strings.Repeat("55", 512)},
		{badState, "more than 23, and the MTU was exchanged", mtu256, "", "12 0900" + strings.Repeat("55", 21), "13"},
		{badState, "while a request is pending", pending, "", "12 0900 01", ""},
		{badState, "stopped", stopped, "", "12 0900 01", "01 12 0900 0e"},
	}},
	{0x52, "Write Command: not offered, and never answered", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "a value", fresh, "", "52 0900 01", ""},
		{isValid, "it was not written", fresh, "52 0900 01", "0a 0900", "0b aabbcc"},
		{badHandle, "0", fresh, "", "52 0000 01", ""},
		{badHandle, "beyond the table", fresh, "", "52 1100 01", ""},
		{tooShort, "a byte", fresh, "", "52 09", ""},
		{tooShort, "nothing", fresh, "", "52", ""},
		{tooLong, "than the MTU", fresh, "", "52 0900" + strings.Repeat("55", 21), ""},
		{badState, "while a request is pending", pending, "", "52 0900 01", ""},
		{badState, "stopped", stopped, "", "52 0900 01", ""},
	}},
	{0xD2, "Signed Write Command: not offered, and never answered", map[string]string{badOffset: "it has none"}, []conformance{
		{isValid, "a value", fresh, "", "d2 0900 01 000000000000000000000000", ""},
		{isValid, "it was not written", fresh, "d2 0900 01 000000000000000000000000", "0a 0900", "0b aabbcc"},
		{badHandle, "0", fresh, "", "d2 0000 01 000000000000000000000000", ""},
		{tooShort, "no signature", fresh, "", "d2 0900 01", ""},
		{tooLong, "than the MTU", fresh, "", "d2 0900" + strings.Repeat("55", 21), ""},
		{badState, "while a request is pending", pending, "", "d2 0900 01 000000000000000000000000", ""},
		{badState, "stopped", stopped, "", "d2 0900 01 000000000000000000000000", ""},
	}},
	{0x16, "Prepare Write", nil, []conformance{
		{isValid, "a fragment", fresh, "", "16 0900 0000 0102", "17 0900 0000 0102"},
		{isValid, "as much as fits", fresh, "", "16 0900 0000" + strings.Repeat("55", 18), "17 0900 0000" + strings.Repeat("55", 18)},
		{isValid, "nothing is written yet", fresh, "16 0900 0000 0102", "0a 0900", "0b aabbcc"},
		{isValid, "an empty fragment", fresh, "", "16 0900 0000", "17 0900 0000"},
		{badHandle, "0", fresh, "", "16 0000 0000 01", "01 16 0000 01"},
		{badHandle, "beyond the table", fresh, "", "16 1100 0000 01", "01 16 1100 01"},
		{badHandle, "a service", fresh, "", "16 0700 0000 01", "01 16 0700 03"},
		{badHandle, "a declaration", fresh, "", "16 0b00 0000 01", "01 16 0b00 03"},
		{badHandle, "a description (transports.md 2.2)", fresh, "", "16 0a00 0000 01", "01 16 0a00 0e"},
		{badHandle, "another characteristic (Q-T36)", fresh, "16 0900 0000 01", "16 0c00 0000 01", "01 16 0c00 0e"},
		{badOffset, "beyond any value", fresh, "", "16 0900 0102 01", "01 16 0900 07"},
		{badOffset, "the highest", fresh, "", "16 0900 ffff", "01 16 0900 07"},
		{badOffset, "the end of any value", fresh, "", "16 0900 0002", "17 0900 0002"},
		{tooShort, "half an offset", fresh, "", "16 0900 00", "01 16 0000 04"},
		{tooShort, "no offset", fresh, "", "16 0900", "01 16 0000 04"},
		{tooShort, "nothing", fresh, "", "16", "01 16 0000 04"},
		{tooLong, "than any value", fresh, "", "16 0900 ff01 0102", "01 16 0900 0d"},
		{tooLong, "than the MTU", fresh, "", "16 0900 0000" + strings.Repeat("55", 19), "01 16 0000 04"},
		{badState, "more than 23, and the MTU was exchanged", mtu256, "", "16 0900 0000" + strings.Repeat("55", 19), "17 0900 0000" + strings.Repeat("55", 19)},
		{badState, "while a request is pending", pending, "", "16 0900 0000 01", ""},
		{badState, "stopped", stopped, "", "16 0900 0000 01", "01 16 0900 0e"},
	}},
	{0x18, "Execute Write", map[string]string{badHandle: "that of Prepare", badOffset: "that of Prepare; gaps are wrong state"}, []conformance{
		{isValid, "write", fresh, "16 0900 0000 0102, 16 0900 0200 03", "18 01", "19"},
		{isValid, "it was written", fresh, "16 0900 0000 0102, 16 0900 0200 03, 18 01", "0a 0900", "0b 010203"},
		{isValid, "cancel", fresh, "16 0900 0000 0102", "18 00", "19"},
		{isValid, "nothing was written", fresh, "16 0900 0000 0102, 18 00, 18 01", "0a 0900", "0b aabbcc"},
		{tooShort, "no flags", fresh, "16 0900 0000 01", "18", "01 18 0000 04"},
		{tooShort, "the queue is still there", fresh, "16 0900 0000 01, 18, 18 01", "0a 0900", "0b 01"},
		{tooLong, "a byte", fresh, "16 0900 0000 01", "18 01 00", "01 18 0000 04"},
		{tooLong, "flags that there are not", fresh, "16 0900 0000 01", "18 02", "01 18 0000 04"},
		{badState, "write without prepare", fresh, "", "18 01", "19"},
		{badState, "cancel without prepare", fresh, "", "18 00", "19"},
		{badState, "without prepare nothing is written", fresh, "18 01", "0a 0900", "0b aabbcc"},
		{badState, "a gap", fresh, "16 0900 0100 02", "18 01", "01 18 0900 07"},
		{badState, "after a gap the queue is empty", fresh, "16 0900 0100 02, 18 01", "18 01", "19"},
		{badState, "after an impossible fragment the queue is empty", fresh, "16 0900 0000 01, 16 0900 0102 01, 18 01", "0a 0900", "0b aabbcc"},
		{badState, "while a request is pending", pending, "", "18 01", ""},
		{badState, "stopped", stopped, "16 0900 0000 01", "18 01", "01 18 0900 0e"},
		{badState, "cancelled, stopped", stopped, "16 0900 0000 01", "18 00", "19"},
	}},
	{0x1E, "Handle Value Confirmation: never asked for, and never answered", map[string]string{badHandle: "it has none", badOffset: "it has none", tooShort: "it has nothing"}, []conformance{
		{isValid, "nothing", fresh, "", "1e", ""},
		{tooLong, "a byte", fresh, "", "1e 00", ""},
		{badState, "while a request is pending", pending, "", "1e", ""},
		{badState, "stopped", stopped, "", "1e", ""},
	}},
}

const uuid54 = "b4df5a1c3f6bf4bfea4a820354ff1a02"

// Each request, right and wrong in every way; afterwards the next one is
// answered.
func TestConformance(t *testing.T) {
	for _, group := range conformances {
		seen := map[string]bool{}
		for _, row := range group.rows {
			seen[row.class] = true
			t.Run(fmt.Sprintf("%02X %s/%s/%s", group.op, group.name, row.class, row.name), row.run)
		}
		for _, class := range classes {
			require.NotEqual(t, group.none[class] != "", seen[class], "%s: %s", group.name, class)
		}
	}
}

func (row conformance) run(t *testing.T) {
	r := newRig(t, Config{MTU: 517})
	cfg := gattConfig(false)
	cfg.Characteristics = append(cfg.Characteristics, ble.Characteristic{UUID: service.With16(0xFF54), Name: "custom-data"})
	require.NoError(t, r.h.StartGATT(cfg, r.v))
	r.connect(1)
	r.v.value[0] = []byte{0xaa, 0xbb, 0xcc}
	for i := range 30 {
		r.v.value[2] = append(r.v.value[2], byte(i))
	}
	switch row.state {
	case mtu256:
		require.Equal(t, "030502", r.ask("020001"))
	case mtu517:
		require.Equal(t, "030502", r.ask("020502"))
	case pending:
		r.v.hold = true
		require.Empty(t, r.ask("12 0900 77"))
	}
	if row.before != "" {
		for _, before := range strings.Split(row.before, ",") {
			r.ask(strings.TrimSpace(before))
		}
	}
	if row.state == stopped {
		require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true, KeepConnections: true}))
	}
	r.v.taken()
	require.Equal(t, strings.ReplaceAll(row.want, " ", ""), r.ask(row.req))
	if row.state == stopped || row.state == pending {
		require.Empty(t, r.v.taken(), "the handler hears of it")
	}
	if row.state == pending {
		r.h.Respond(0x10001, ble.ATTSuccess)
		require.Equal(t, []string{"4:13"}, r.ctl.taken(), "the answer that was waited for")
	}
	require.Equal(t, "0b0000", r.ask("0a0500"), "the next request is answered")
}

// Every opcode, with bodies of every length: requests are answered once, with
// their response or an error that names them, and at most as long as the MTU;
// commands, responses and what else is no request are not answered.
func TestEveryOpcode(t *testing.T) {
	known := map[int]bool{}
	for _, group := range conformances {
		known[int(group.op)] = true
	}
	require.Empty(t, up(t, Config{}, false).ask(""), "no opcode")
	for op := range 256 {
		r := up(t, Config{}, false)
		for n := range 30 {
			answer := r.ask(fmt.Sprintf("%02x", op) + strings.Repeat("01", n))
			if op&flagCommand != 0 || op&1 != 0 || op == confirmation {
				require.Empty(t, answer, "%02x", op)
				continue
			}
			require.NotEmpty(t, answer, "%02x", op)
			require.LessOrEqual(t, len(answer), 2*MinMTU, "%02x", op)
			if answer[:2] == "01" {
				require.Equal(t, fmt.Sprintf("01%02x", op), answer[:4])
				require.Len(t, answer, 10)
			} else {
				require.Equal(t, fmt.Sprintf("%02x", op+1), answer[:2])
			}
			if !known[op] {
				require.Equal(t, fmt.Sprintf("01%02x0000", op), answer[:8])
				require.Equal(t, map[bool]string{false: "06", true: "04"}[1+n > MinMTU], answer[8:])
			}
		}
	}
}
