// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// packets returns the packets in r until the first error.
func packets(r io.Reader) (found [][]byte, err error) {
	b := bufio.NewReaderSize(r, MaxPacket)
	for {
		p, err := nextPacket(b)
		if err != nil {
			return found, err
		}
		found = append(found, bytes.Clone(p))
		_, _ = b.Discard(len(p))
	}
}

// iso is a packet whose length has the two bits for future use set.
var iso = append([]byte{typeISO, 1, 0, 3, 0xC0}, "abc"...)

// Packets of every type, however the stream is cut.
func TestH4Packets(t *testing.T) {
	want := [][]byte{
		{typeEvent, 0x0E, 4, 1, 3, 12, 0},
		{typeEvent, 0x10, 0},
		append([]byte{typeEvent, 0x3E, 255}, make([]byte, 255)...),
		{typeACL, 1, 0x20, 0, 0},
		append([]byte{typeACL, 1, 0x20, 0x01, 0x01}, make([]byte, 257)...),
		append([]byte{typeACL, 1, 0x20, 0xFB, 0x0F}, make([]byte, MaxPacket-5)...),
		{typeSCO, 1, 0, 2, 7, 7},
		iso,
	}
	stream := bytes.Join(want, nil)
	for name, r := range map[string]io.Reader{
		"whole":     bytes.NewReader(stream),
		"bytes":     iotest.OneByteReader(bytes.NewReader(stream)),
		"halves":    iotest.HalfReader(bytes.NewReader(stream)),
		"with data": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		found, err := packets(r)
		require.Equal(t, io.EOF, err, name)
		require.Equal(t, want, found, name)
	}
	for _, p := range want {
		require.True(t, isPacket(p))
		require.False(t, isPacket(append(p, 0)))
		require.False(t, isPacket(p[:len(p)-1]))
	}
	require.True(t, isPacket([]byte{typeCommand, 3, 12, 0}))
	require.False(t, isPacket([]byte{6, 0, 0, 0}))
}

// What is not a controller's stream is refused in words, after the packets before it.
func TestH4Garbage(t *testing.T) {
	event := "\x04\x10\x00"
	for stream, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n": "the byte 0x48 begins no packet; is this a Bluetooth controller that speaks H4?",
		"\x00":                         "the byte 0x00 begins no packet; is this a Bluetooth controller that speaks H4?",
		"\x01\x03\x0c\x00":             "the byte 0x01 begins no packet; is this a Bluetooth controller that speaks H4?",
		"\xff":                         "the byte 0xff begins no packet; is this a Bluetooth controller that speaks H4?",
		"\x02\x40\x20\xfc\x0f":         "a packet of 4097 bytes is longer than 4096; is this a Bluetooth controller that speaks H4?",
		"\x02\x40\x20\xff\xff":         "a packet of 65540 bytes is longer than 4096; is this a Bluetooth controller that speaks H4?",
		"\x04":                         errHalf.Error(),
		"\x04\x0e":                     errHalf.Error(),
		"\x04\x0e\x04\x01\x03\x0c":     errHalf.Error(),
		"\x02\x40\x20\xfb\x00":         errHalf.Error(),
	} {
		found, err := packets(iotest.OneByteReader(strings.NewReader(event + stream)))
		require.EqualError(t, err, want, "%q", stream)
		require.Equal(t, [][]byte{[]byte(event)}, found, "%q", stream)
	}
	_, err := packets(iotest.ErrReader(errors.ErrUnsupported))
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

// Whatever arrives, and however it is cut: the same packets, each of them whole, nothing
// lost and nothing added.
func FuzzH4(f *testing.F) {
	f.Add([]byte("\x04\x0e\x04\x01\x03\x0c\x00\x02\x40\x20\x01\x00x"))
	f.Add([]byte("HTTP/1.1 200 OK"))
	f.Add(append(iso, typeSCO, 0, 0, 1))
	f.Fuzz(func(t *testing.T, stream []byte) {
		found, why := packets(bytes.NewReader(stream))
		again, whyAgain := packets(iotest.OneByteReader(bytes.NewReader(stream)))
		require.Equal(t, found, again)
		require.Equal(t, why.Error(), whyAgain.Error())
		for _, p := range found {
			require.True(t, isPacket(p))
		}
		whole := bytes.Join(found, nil)
		require.True(t, bytes.HasPrefix(stream, whole))
		if why == io.EOF {
			require.Len(t, whole, len(stream))
		}
	})
}
