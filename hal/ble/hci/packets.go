// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of the fields of netsim's messages.
const (
	requestInfo   = 1 // PacketRequest: ChipInfo
	requestPacket = 2 // HCIPacket

	responseError  = 1 // PacketResponse: text
	responsePacket = 2 // HCIPacket

	packetType  = 1 // HCIPacket: the numbers of H4
	packetBytes = 2

	infoName   = 1 // ChipInfo
	infoChip   = 2
	infoDevice = 3

	chipKind      = 1 // Chip
	kindBluetooth = 1

	deviceName = 1 // DeviceInfo
	deviceKind = 2
)

// appendInitialInfo appends the request that comes first on a stream.
func appendInitialInfo(dst []byte, name string) []byte {
	chip := protowire.AppendTag(nil, chipKind, protowire.VarintType)
	chip = protowire.AppendVarint(chip, kindBluetooth)
	device := appendField(nil, deviceName, []byte(name))
	device = appendField(device, deviceKind, []byte("wifiprov"))
	info := appendField(nil, infoName, []byte(name))
	info = appendField(info, infoChip, chip)
	info = appendField(info, infoDevice, device)
	return appendField(dst, requestInfo, info)
}

// appendPacket appends the request that carries an H4 packet.
func appendPacket(dst, packet []byte) []byte {
	p := protowire.AppendTag(nil, packetType, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(packet[0]))
	return appendField(dst, requestPacket, appendField(p, packetBytes, packet[1:]))
}

func appendField(dst []byte, number protowire.Number, value []byte) []byte {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	return protowire.AppendBytes(dst, value)
}

// parseResponse returns the H4 packet of a response, or nothing if it has none, as those
// for other kinds of chips. It fails if the response tells an error.
func parseResponse(message []byte) (packet []byte, err error) {
	err = eachField(message, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case responseError:
			return fmt.Errorf("netsim refuses this chip: %s", words(string(value)))
		case responsePacket:
			packet, err = parsePacket(value)
			return err
		}
		return nil
	})
	return packet, err
}

// parsePacket returns the H4 packet of an HCIPacket.
func parsePacket(message []byte) ([]byte, error) {
	packet := make([]byte, 1, 1+len(message))
	err := eachField(message, func(number protowire.Number, value []byte, n uint64) error {
		switch number {
		case packetType:
			packet[0] = byte(min(n, 0xFF))
		case packetBytes:
			packet = append(packet[:1], value...)
		}
		return nil
	})
	if err == nil && !isPacket(packet) {
		err = fmt.Errorf("netsim sends %d bytes that are not one HCI packet", len(packet))
	}
	return packet, err
}

// eachField calls fn with every field of a message: its bytes or its number.
func eachField(message []byte, fn func(number protowire.Number, value []byte, n uint64) error) error {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return errProtobuf
		}
		message = message[size:]
		var value []byte
		var n uint64
		switch kind {
		case protowire.BytesType:
			value, size = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(message)
		default:
			size = protowire.ConsumeFieldValue(number, kind, message)
		}
		if size < 0 {
			return errProtobuf
		}
		message = message[size:]
		if err := fn(number, value, n); err != nil {
			return err
		}
	}
	return nil
}

var errProtobuf = fmt.Errorf("netsim sends a message that is not valid")
