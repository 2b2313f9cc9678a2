// SPDX-License-Identifier: Apache-2.0

package tinygo_test

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// port is a Port in memory; more than its room is cut, as espradio cuts it.
type port struct {
	mu      sync.Mutex
	in, out bytes.Buffer
	room    int // 0: no bound
	short   bool
	fail    error
}

func (p *port) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.room > 0 {
		b = b[:max(0, min(len(b), p.room-p.in.Len()))]
	}
	p.in.Write(b)
}

func (p *port) breakWith(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

func (p *port) Buffered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in.Len()
}

func (p *port) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return 0, p.fail
	}
	return p.in.Read(b)
}

func (p *port) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.short {
		b = b[:len(b)-1]
	}
	return p.out.Write(b)
}

// A line that is read byte by byte is a port.
func TestBytePort(t *testing.T) {
	line := &byteLine{in: []byte("hello")}
	p := tinygo.NewBytePort(line)
	require.Equal(t, 5, p.Buffered())
	buf := make([]byte, 4)
	for _, want := range []string{"hell", "o", ""} {
		n, err := p.Read(buf)
		require.NoError(t, err)
		require.Equal(t, want, string(buf[:n]))
	}
	line.in, line.fail = []byte("ab"), io.ErrNoProgress
	n, err := p.Read(buf)
	require.Zero(t, n)
	require.ErrorIs(t, err, io.ErrNoProgress)
}

type byteLine struct {
	in   []byte
	fail error
}

func (l *byteLine) Buffered() int               { return len(l.in) }
func (l *byteLine) Write(p []byte) (int, error) { return len(p), nil }
func (l *byteLine) ReadByte() (b byte, err error) {
	if l.fail != nil {
		return 0, l.fail
	}
	b, l.in = l.in[0], l.in[1:]
	return b, nil
}

func event(n int) []byte { return append([]byte{4, 0x0e, byte(n)}, make([]byte, n)...) }
func acl(n int) []byte {
	return append([]byte{2, 1, 0x20, byte(n), byte(n >> 8)}, bytes.Repeat([]byte{7}, n)...)
}

// Without a goroutine nothing is read but by Poll.
func TestPolledVHCI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{}
		v := tinygo.NewPolledVHCI(p, nil)
		var got [][]byte
		v.SetReceiver(func(packet []byte) { got = append(got, bytes.Clone(packet)) })
		p.put(append(event(3), event(9)[:7]...))
		settle()
		require.Empty(t, got)
		pollAll(v)
		require.Equal(t, [][]byte{event(3)}, got)
		time.Sleep(200 * time.Millisecond)
		require.False(t, v.Poll(), "the rest is lost")
		p.put(event(4))
		pollAll(v)
		require.Equal(t, [][]byte{event(3), event(4)}, got)
		v.Close()
		p.put(event(5))
		require.False(t, v.Poll())
		require.Len(t, got, 2)
	})
}

// pollAll polls until there is nothing.
func pollAll(v *tinygo.VHCI) {
	for v.Poll() {
	}
}

// vhci runs fn with a transport and what it received.
func vhci(t *testing.T, fn func(t *testing.T, p *port, v *tinygo.VHCI, got *[][]byte)) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{}
		v := tinygo.NewVHCI(p, nil)
		var got [][]byte
		v.SetReceiver(func(packet []byte) { got = append(got, bytes.Clone(packet)) })
		fn(t, p, v, &got)
		v.Close()
		time.Sleep(time.Second)
	})
}

func settle() { time.Sleep(20 * time.Millisecond); synctest.Wait() }

// Whole packets, however they come.
func TestVHCIPackets(t *testing.T) {
	var _ att.Transport = (*tinygo.VHCI)(nil)
	packets := [][]byte{event(0), event(255), acl(0), acl(251), acl(255), {3, 1, 0, 2, 9, 9}, event(4)}
	for _, size := range []int{1, 2, 3, 7, 4096} {
		vhci(t, func(t *testing.T, p *port, _ *tinygo.VHCI, got *[][]byte) {
			stream := bytes.Join(packets, nil)
			for len(stream) > 0 {
				n := min(size, len(stream))
				p.put(stream[:n])
				stream = stream[n:]
				settle()
			}
			require.Equal(t, packets, *got)
		})
	}
}

// What is no packet, and one that was cut, cost what came with them; the next
// is whole.
func TestVHCIFindsItsWayBack(t *testing.T) {
	for name, junk := range map[string][]byte{
		"no type": {0}, "a command": append([]byte{1}, event(3)...), "too long": acl(256), "very long": {2, 0, 0, 0xff, 0xff, 4, 5},
		"cut": event(9)[:7], "header cut": acl(1)[:3], "two and a half": append(append(event(1), event(2)...), 4, 5),
	} {
		vhci(t, func(t *testing.T, p *port, _ *tinygo.VHCI, got *[][]byte) {
			p.put(junk)
			time.Sleep(200 * time.Millisecond)
			p.put(event(5))
			settle()
			want := [][]byte{event(5)}
			if name == "two and a half" {
				want = [][]byte{event(1), event(2), event(5)}
			}
			require.Equal(t, want, *got, name)
		})
	}
	// The ring of espradio overflows.
	vhci(t, func(t *testing.T, p *port, _ *tinygo.VHCI, got *[][]byte) {
		p.room = 2047
		p.put(bytes.Repeat(event(255), 9))
		time.Sleep(200 * time.Millisecond)
		p.put(event(5))
		settle()
		require.Len(t, *got, 8)
		require.Equal(t, event(5), (*got)[7])
	})
}

// The receiver changes; without one, packets are dropped.
func TestVHCIReceiver(t *testing.T) {
	vhci(t, func(t *testing.T, p *port, v *tinygo.VHCI, got *[][]byte) {
		v.SetReceiver(nil)
		p.put(event(1))
		settle()
		other := 0
		v.SetReceiver(func([]byte) { other++ })
		p.put(event(2))
		settle()
		require.Empty(t, *got)
		require.Equal(t, 1, other)
		p.breakWith(errors.New("broken"))
		p.put(event(3))
		settle()
		p.breakWith(nil)
		settle()
		require.Equal(t, 2, other)
		v.Close()
		v.Close()
		p.put(event(4))
		settle()
		v.SetReceiver(func([]byte) { other++ })
		settle()
		require.Equal(t, 2, other)
	})
}

func TestVHCISend(t *testing.T) {
	vhci(t, func(t *testing.T, p *port, v *tinygo.VHCI, _ *[][]byte) {
		require.NoError(t, v.Send([]byte{1, 3, 12, 0}))
		require.Equal(t, []byte{1, 3, 12, 0}, p.out.Bytes())
		p.short = true
		require.ErrorIs(t, v.Send([]byte{1, 3, 12, 0}), io.ErrShortWrite)
	})
}

// Steady traffic costs no memory.
func TestVHCIAllocates(t *testing.T) {
	p := &port{}
	v := tinygo.NewVHCI(p, nil)
	defer v.Close()
	got := make(chan struct{}, 1)
	v.SetReceiver(func([]byte) { got <- struct{}{} })
	packet := acl(251)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		p.put(packet)
		<-got
	}))
}

// Any bytes from a controller.
func FuzzVHCI(f *testing.F) {
	f.Add(append(event(3), acl(20)...), 3)
	f.Add([]byte{4, 1, 9, 2, 2}, 1)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 || size > 1000 {
			t.Skip()
		}
		vhci(t, func(t *testing.T, p *port, _ *tinygo.VHCI, got *[][]byte) {
			for len(stream) > 0 {
				n := min(size, len(stream))
				p.put(stream[:n])
				stream = stream[n:]
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			before := len(*got)
			p.put(event(5))
			settle()
			require.Equal(t, event(5), (*got)[len(*got)-1])
			require.Len(t, *got, before+1)
		})
	})
}

// Read waits for bytes, and Close ends it; the port serves the next line.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{}
		line := tinygo.NewLine(p)
		n, err := line.Read(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		time.AfterFunc(time.Second, func() { p.put([]byte("prov-session 0 00\r")) })
		began := time.Now()
		buf := make([]byte, 8)
		n, err = line.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "prov-ses", string(buf[:n]))
		require.Equal(t, time.Second, time.Since(began).Round(10*time.Millisecond))
		_, err = line.Write([]byte("ok"))
		require.NoError(t, err)
		require.Equal(t, "ok", p.out.String())
		_, err = io.ReadFull(line, make([]byte, 10))
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { line.Close() })
		_, err = line.Read(buf)
		require.ErrorIs(t, err, io.EOF)
		_, err = line.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		p.put([]byte("next"))
		n, err = tinygo.NewLine(p).Read(buf)
		require.NoError(t, err)
		require.Equal(t, "next", string(buf[:n]))
		p.fail = errors.New("broken")
		p.put([]byte("x"))
		_, err = tinygo.NewLine(p).Read(buf)
		require.ErrorIs(t, err, p.fail)
	})
}
