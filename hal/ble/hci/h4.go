// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Types of H4 packets (Bluetooth Core, Vol 4 Part A 2).
const (
	typeCommand = 1
	typeACL     = 2
	typeSCO     = 3
	typeEvent   = 4
	typeISO     = 5
)

// shape says how long a packet is: after head bytes follow as many as the one or two
// bytes at offset length tell.
type shape struct{ head, length int }

// shapes are those of the types of packets, which count as part of their head.
var shapes = [...]shape{typeCommand: {4, 3}, typeACL: {5, 3}, typeSCO: {4, 3}, typeEvent: {3, 2}, typeISO: {5, 3}}

// size returns the length of the packet that begins with head.
func (s shape) size(head []byte) int {
	n := int(head[s.length])
	if s.head-s.length == 2 {
		n |= int(head[s.length+1]) << 8
	}
	if head[0] == typeISO {
		n &= 1<<14 - 1 // above it are bits for future use
	}
	return s.head + n
}

// isPacket reports whether p is one whole packet.
func isPacket(p []byte) bool {
	if len(p) == 0 || len(p) > MaxPacket || p[0] < typeCommand || p[0] > typeISO {
		return false
	}
	s := shapes[p[0]]
	return len(p) >= s.head && s.size(p) == len(p)
}

// Why a transport ends.
var (
	errGone = errors.New("the controller has ended the connection")
	errHalf = errors.New("the controller has ended the connection in the middle of a packet")
)

// nextPacket returns the next packet of a controller, without taking it from r, whose
// buffer has room for MaxPacket bytes. The error at an end between two packets is io.EOF.
func nextPacket(r *bufio.Reader) ([]byte, error) {
	first, err := r.Peek(1)
	if err != nil {
		return nil, err
	}
	if first[0] < typeACL || first[0] > typeISO {
		return nil, fmt.Errorf("the byte %#02x begins no packet; is this a Bluetooth controller that speaks H4?", first[0])
	}
	s := shapes[first[0]]
	head, err := peek(r, s.head)
	if err != nil {
		return nil, err
	}
	size := s.size(head)
	if size > MaxPacket {
		return nil, fmt.Errorf("a packet of %d bytes is longer than %d; is this a Bluetooth controller that speaks H4?", size, MaxPacket)
	}
	return peek(r, size)
}

// peek is r.Peek inside a packet.
func peek(r *bufio.Reader, n int) ([]byte, error) {
	p, err := r.Peek(n)
	if errors.Is(err, io.EOF) {
		err = errHalf
	}
	return p, err
}
