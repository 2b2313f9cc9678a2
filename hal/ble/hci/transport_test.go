// SPDX-License-Identifier: Apache-2.0

package hci_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
)

var (
	_ att.Transport = (*hci.Transport)(nil)

	reset         = []byte{1, 0x03, 0x0C, 0}
	resetDone     = []byte{4, 0x0E, 4, 1, 0x03, 0x0C, 0}
	hardwareError = []byte{4, 0x10, 1, 0}
)

// inbox is a receiver.
type inbox struct {
	mu      sync.Mutex
	packets [][]byte
}

func (b *inbox) receive(packet []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.packets = append(b.packets, bytes.Clone(packet))
}

// take returns what has come since the last call.
func (b *inbox) take() [][]byte {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	packets := b.packets
	b.packets = nil
	return packets
}

// piped runs fn in a bubble with a transport over a pipe without buffer, whose other end is
// the controller.
func piped(t *testing.T, fn func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, controller := net.Pipe()
		transport, in := hci.New(near, "tcp:here:1"), new(inbox)
		transport.SetReceiver(in.receive)
		fn(t, transport, in, controller)
		require.NoError(t, transport.Close())
		require.NoError(t, controller.Close())
		<-transport.Done()
		require.Empty(t, in.take(), "after the end")
	})
}

func read(t *testing.T, r io.Reader, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	_, err := io.ReadFull(r, p)
	require.NoError(t, err)
	return p
}

func write(t *testing.T, w io.Writer, p []byte) {
	t.Helper()
	_, err := w.Write(p)
	require.NoError(t, err)
}

// Packets pass in both directions; a receiver may send, and be replaced.
func TestTransportCarriesPackets(t *testing.T) {
	piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
		sent := make(chan error, 1)
		go func() { sent <- transport.Send(reset) }()
		require.Equal(t, reset, read(t, controller, 4))
		require.NoError(t, <-sent)
		write(t, controller, append(append([]byte{}, resetDone...), resetDone[:3]...))
		require.Equal(t, [][]byte{resetDone}, in.take())
		write(t, controller, resetDone[3:])
		require.Equal(t, [][]byte{resetDone}, in.take())

		transport.SetReceiver(func([]byte) { sent <- transport.Send(reset) })
		write(t, controller, resetDone)
		require.Equal(t, reset, read(t, controller, 4))
		require.NoError(t, <-sent)

		transport.SetReceiver(nil)
		write(t, controller, resetDone)
		synctest.Wait()
		transport.SetReceiver(in.receive)
		require.Empty(t, in.take())
		require.NoError(t, transport.Err())
	})
}

// A host's packet is checked before a byte of it is sent.
func TestTransportRefusesHalfPackets(t *testing.T) {
	piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
		for _, p := range [][]byte{nil, {1}, {1, 3, 12}, {1, 3, 12, 1}, {1, 3, 12, 0, 0}, {9, 0, 0, 0}, append([]byte{2, 0, 0, 0xFC, 0x0F}, make([]byte, 4092)...)} {
			require.ErrorContains(t, transport.Send(p), "from the host are not one packet")
		}
		require.NoError(t, transport.Err())
	})
}

// Packets of several senders do not mix, even if the line takes a byte at a time.
func TestTransportSendersTakeTurns(t *testing.T) {
	piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
		long := append([]byte{2, 0x40, 0, 200, 0}, bytes.Repeat([]byte{0xAB}, 200)...)
		for range 20 {
			go func() { require.NoError(t, transport.Send(long)) }()
		}
		require.Equal(t, bytes.Repeat(long, 20), read(t, controller, 20*len(long)))
	})
}

// bytewise writes as a serial line may: less than it was given.
type bytewise struct{ io.ReadWriteCloser }

func (b bytewise) Write(p []byte) (int, error) { return b.ReadWriteCloser.Write(p[:1]) }

func TestTransportShortWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, controller := net.Pipe()
		transport := hci.New(bytewise{near}, "serial")
		go func() { require.NoError(t, transport.Send(reset)) }()
		require.Equal(t, reset, read(t, controller, 4))
		require.NoError(t, transport.Close())
		<-transport.Done()
	})
}

// Close is no loss: the host gets nothing more, not even the event.
func TestTransportClose(t *testing.T) {
	piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
		stuck := make(chan error, 1)
		go func() { stuck <- transport.Send(reset) }()
		synctest.Wait()
		require.NoError(t, transport.Close())
		require.ErrorIs(t, <-stuck, net.ErrClosed)
		require.EqualError(t, transport.Send(reset), "hci: tcp:here:1: use of closed network connection")
		require.NoError(t, transport.Close())
		<-transport.Done()
		require.NoError(t, transport.Err())
	})
}

// Close may be called by the receiver, of which it does not wait for the end.
func TestTransportClosedByItsReceiver(t *testing.T) {
	piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
		calls := 0
		transport.SetReceiver(func([]byte) {
			calls++
			require.NoError(t, transport.Close())
			select {
			case <-transport.Done():
				t.Error("ended during the call")
			default:
			}
		})
		write(t, controller, append(append([]byte{}, resetDone...), resetDone...))
		<-transport.Done()
		require.Equal(t, 1, calls)
	})
}

// A lost controller is told to the host by an event, and to others by Err, once and for all.
func TestTransportLoss(t *testing.T) {
	for name, tc := range map[string]struct {
		stream []byte
		want   string
	}{
		"end":     {nil, "hci: tcp:here:1: the controller has ended the connection"},
		"half":    {resetDone[:5], "hci: tcp:here:1: the controller has ended the connection in the middle of a packet"},
		"garbage": {[]byte("SSH-2.0"), "hci: tcp:here:1: the byte 0x53 begins no packet; is this a Bluetooth controller that speaks H4?"},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
				_, _ = controller.Write(tc.stream) // garbage is not read to its end
				require.NoError(t, controller.Close())
				<-transport.Done()
				require.EqualError(t, transport.Err(), tc.want)
				require.Equal(t, [][]byte{hardwareError}, in.take())
				require.Equal(t, transport.Err(), transport.Send(reset))
				require.NoError(t, transport.Close())
				require.EqualError(t, transport.Err(), tc.want)
			})
		})
	}
}

// failing is a line that cannot be written to.
type failing struct{ io.ReadWriteCloser }

var errBroken = errors.New("broken")

func (failing) Write([]byte) (int, error) { return 0, errBroken }

func TestTransportWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, controller := net.Pipe()
		transport, in := hci.New(failing{near}, "tcp:here:1"), new(inbox)
		transport.SetReceiver(in.receive)
		require.ErrorIs(t, transport.Send(reset), errBroken)
		<-transport.Done()
		require.EqualError(t, transport.Err(), "hci: tcp:here:1: broken")
		require.Equal(t, [][]byte{hardwareError}, in.take())
		_, err := controller.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err, "the line is closed")
	})
}

// A controller that takes no packet is lost after SendTimeout, not before.
func TestTransportStuck(t *testing.T) {
	piped(t, func(t *testing.T, transport *hci.Transport, in *inbox, controller net.Conn) {
		go func() {
			time.Sleep(hci.SendTimeout - time.Nanosecond)
			_, _ = io.ReadFull(controller, make([]byte, 4))
		}()
		require.NoError(t, transport.Send(reset))
		began := time.Now()
		const want = "hci: tcp:here:1: the controller has taken no packet for 5s"
		require.EqualError(t, transport.Send(reset), want)
		require.Equal(t, hci.SendTimeout, time.Since(began))
		<-transport.Done()
		require.EqualError(t, transport.Err(), want)
		require.Equal(t, [][]byte{hardwareError}, in.take())
	})
}
