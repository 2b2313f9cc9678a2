// SPDX-License-Identifier: Apache-2.0

//go:build linux

package button

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The layout is the kernel's, on 32-bit platforms too. The numbers are what a C compiler
// makes of linux/gpio.h.
func TestLayout(t *testing.T) {
	var q lineRequest
	require.EqualValues(t, 592, unsafe.Sizeof(q))
	require.EqualValues(t, 288, unsafe.Offsetof(q.config))
	require.EqualValues(t, 32, unsafe.Offsetof(q.config.list))
	require.EqualValues(t, 24, unsafe.Sizeof(q.config.list[0]))
	require.EqualValues(t, 16, unsafe.Offsetof(q.config.list[0].mask))
	require.EqualValues(t, 560, unsafe.Offsetof(q.lines))
	require.EqualValues(t, 588, unsafe.Offsetof(q.fd))
	require.EqualValues(t, 16, unsafe.Sizeof(lineValues{}))
}

func TestRequest(t *testing.T) {
	q := request(LineConfig{Line: 17, ActiveLow: true, Pull: PullUp, Debounce: 20 * time.Millisecond})
	require.EqualValues(t, 17, q.offsets[0])
	require.EqualValues(t, 1, q.lines)
	require.EqualValues(t, 0b1_0011_0110, q.config.flags)
	require.EqualValues(t, 1, q.config.attributes)
	require.EqualValues(t, 20000, binary.NativeEndian.Uint32(q.config.list[0].value[:]))
	require.Equal(t, "wifiprovd", string(bytes.TrimRight(q.consumer[:], "\x00")))
	q = request(LineConfig{Line: 1})
	require.EqualValues(t, 0b11_0100, q.config.flags)
	require.Zero(t, q.config.attributes)
}

// event is one of the kernel's, in the platform's order of bytes.
func event(at time.Duration, kind uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(at))
	b = binary.NativeEndian.AppendUint32(b, kind)
	return append(b, make([]byte, eventSize-len(b))...)
}

// Events become edges.
func TestReadEdges(t *testing.T) {
	told := make(chan string, 2)
	p := &Press{Min: time.Second, Long: time.Hour, OnPress: func() { told <- "press" }, OnLong: func() { told <- "long" }}
	stream := append(event(5*time.Second, 1), event(6*time.Second, 2)...)
	require.ErrorIs(t, readEdges(bytes.NewReader(stream), p), io.EOF)
	require.Equal(t, "press", <-told)
	stream = append(event(7*time.Second, 1), event(2*time.Hour, 2)...)
	require.ErrorIs(t, readEdges(bytes.NewReader(stream), p), io.EOF)
	require.Equal(t, "long", <-told)
}

// Closing the line ends Watch.
func TestClose(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	told := make(chan struct{}, 1)
	p := &Press{OnPress: func() { told <- struct{}{} }}
	line := &Line{file: r, down: true}
	ended := make(chan error, 1)
	go func() { ended <- line.Watch(p) }()
	_, err = w.Write(event(monotonic(), 2)) // released
	require.NoError(t, err)
	<-told
	require.NoError(t, line.Close())
	require.NoError(t, <-ended)

	r, w, err = os.Pipe()
	require.NoError(t, err)
	require.NoError(t, w.Close()) // as when a USB chip is unplugged
	require.ErrorContains(t, (&Line{file: r}).Watch(p), "cannot be read any more")
}

// Errors say what to do.
func TestOpenErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gpiochip0")
	_, err := Open(LineConfig{Chip: path})
	require.EqualError(t, err, "the chip of the button: "+path+": there is no such file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = Open(LineConfig{Chip: path, Line: 3})
	require.EqualError(t, err, "the button: line 3 of "+path+": the file is no GPIO chip, or the kernel is older than 5.10")
}
