// SPDX-License-Identifier: Apache-2.0

package hci_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
)

const address = "netsim:localhost:8554"

// Sizes of the requests with initial_info of a chip named "chip", and with Reset.
const helloSize, resetSize = 35, 14

// netsims runs fn in a bubble with a function that joins a netsim, once. What netsim does
// with the stream is up to handle, which is called when the receiver is set.
func netsims(t *testing.T, handle http.HandlerFunc, fn func(t *testing.T, join func(name string) (*hci.Transport, *inbox))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Network
		l, err := network.Listen()
		require.NoError(t, err)
		var prior http.Protocols
		prior.SetUnencryptedHTTP2(true)
		ready := make(chan struct{})
		server := http.Server{Protocols: &prior, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-ready
			handle(w, r)
		})}
		go func() { _ = server.Serve(l) }()
		defer server.Close()
		fn(t, func(name string) (*hci.Transport, *inbox) {
			transport, err := hci.Open(t.Context(), address, hci.Config{Name: name, Dial: network.Dial})
			require.NoError(t, err)
			in := new(inbox)
			transport.SetReceiver(in.receive)
			close(ready)
			return transport, in
		})
	})
}

// response is PacketResponse with one field.
func response(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// packet is PacketResponse with an HCIPacket.
func packet(kind uint64, body string) []byte {
	p := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), kind)
	return response(2, protowire.AppendBytes(protowire.AppendTag(p, 2, protowire.BytesType), []byte(body)))
}

// What servers say that do not carry this chip's packets, as Err tells it.
func TestNetsimEnds(t *testing.T) {
	grpc := func(body string, trailers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/grpc+proto")
			_, _ = io.WriteString(w, body)
			for i := 0; i < len(trailers); i += 2 {
				w.Header().Set(http.TrailerPrefix+trailers[i], trailers[i+1])
			}
		}
	}
	frame := func(message []byte) string { return string(fakenetsim.Frame(message)) }
	for name, tc := range map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"another HTTP server": {http.NotFound, "HTTP status 404; is this netsim's gRPC port?"},
		"a page":              {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, "an answer that is not gRPC; is this netsim's gRPC port?"},
		"another gRPC server": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Grpc-Status", "12")
			w.Header().Set("Grpc-Message", "Method%20not%20found!")
		}, `netsim has ended the stream with gRPC status UNIMPLEMENTED: "Method not found!"`},
		"trailers":         {grpc("", "Grpc-Status", "14", "Grpc-Message", "shutting down%1b%0a"), `netsim has ended the stream with gRPC status UNAVAILABLE: "shutting down\x1b\x0a"`},
		"a long text":      {grpc("", "Grpc-Status", "2", "Grpc-Message", strings.Repeat("x", 300)), `netsim has ended the stream with gRPC status UNKNOWN: "` + strings.Repeat("x", 200) + `…"`},
		"a new status":     {grpc("", "Grpc-Status", "99"), `netsim has ended the stream with gRPC status 99: ""`},
		"no trailers":      {grpc(""), "netsim has ended the stream without a gRPC status"},
		"no status":        {grpc("", "Grpc-Status", "-1"), "netsim has ended the stream without a gRPC status"},
		"an orderly end":   {grpc("", "Grpc-Status", "0"), "the controller has ended the connection"},
		"a refusal":        {grpc(frame(response(1, []byte("Device busy\n")))), `netsim refuses this chip: "Device busy\x0a"`},
		"half a head":      {grpc("\x00\x00"), "netsim has ended the stream in the middle of a message"},
		"half a message":   {grpc("\x00\x00\x00\x00\x05abc"), "netsim has ended the stream in the middle of a message"},
		"an oversize":      {grpc("\x00\x00\x00\x10\x41"), "netsim sends a message of 4161 bytes, more than 4160"},
		"the largest size": {grpc("\x00\xff\xff\xff\xff"), "netsim sends a message of 4294967295 bytes, more than 4160"},
		"compression":      {grpc("\x01\x00\x00\x00\x00"), "netsim sends a compressed message, which was not agreed on"},
		"no protobuf":      {grpc(frame([]byte{0x0A, 0x7F})), "netsim sends a message that is not valid"},
		"no packet inside": {grpc(frame(response(2, []byte{0xFF}))), "netsim sends a message that is not valid"},
		"half a packet":    {grpc(frame(packet(4, "\x0e\x04\x01"))), "netsim sends 4 bytes that are not one HCI packet"},
		"two packets":      {grpc(frame(packet(4, "\x10\x00\x04\x10\x00"))), "netsim sends 6 bytes that are not one HCI packet"},
		"an empty packet":  {grpc(frame(response(2, nil))), "netsim sends 1 bytes that are not one HCI packet"},
		"a type too large": {grpc(frame(packet(0x104, "\x10\x00"))), "netsim sends 3 bytes that are not one HCI packet"},
		"a command":        {grpc(frame(packet(1, "\x03\x0c\x00"))), "the byte 0x01 begins no packet; is this a Bluetooth controller that speaks H4?"},
	} {
		t.Run(name, func(t *testing.T) {
			netsims(t, tc.handle, func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
				transport, in := join("chip")
				<-transport.Done()
				require.EqualError(t, transport.Err(), "hci: "+address+": "+tc.want)
				require.Equal(t, transport.Err(), transport.Send(reset))
				require.Equal(t, [][]byte{hardwareError}, in.take())
			})
		})
	}
}

// Packets, between messages for other kinds of chips and with fields of later releases.
func TestNetsimReads(t *testing.T) {
	long := "\x40\x20\xfb\x0f" + strings.Repeat("x", 4091)
	netsims(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		for _, message := range [][]byte{
			nil, response(3, []byte("UWB")), packet(4, "\x10\x00"),
			append(packet(4, "\x10\x01a"), 0x25, 1, 2, 3, 4), packet(2, long),
		} {
			_, _ = w.Write(fakenetsim.Frame(message))
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	}, func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
		transport, in := join("chip")
		<-transport.Done()
		require.Equal(t, [][]byte{{4, 0x10, 0}, {4, 0x10, 1, 'a'}, append([]byte{2}, long...), hardwareError}, in.take())
	})
}

// startOn starts a device on a controller and returns how that goes, and how long it takes.
func startOn(t *testing.T, transport *hci.Transport) (error, time.Duration) {
	t.Helper()
	host, err := att.New(transport, att.Config{})
	require.NoError(t, err)
	began := time.Now()
	return host.StartGATT(ble.Config{DeviceName: "PROV_A1B2C3"}, handler{}), time.Since(began)
}

type handler struct{ ble.Handler }

// A controller that never answers: the host gives up by its own rules.
func TestNetsimThatNeverAnswers(t *testing.T) {
	netsims(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
			transport, _ := join("chip")
			err, took := startOn(t, transport)
			require.EqualError(t, err, "att: resetting the controller: att: the controller did not answer; is it switched on?")
			require.Equal(t, att.DefaultTimeout, took)
			require.NoError(t, transport.Err())
			require.NoError(t, transport.Close())
			<-transport.Done()
			require.NoError(t, transport.Err())
		})
}

// Netsim goes away while the host starts: the start fails at once.
func TestNetsimLostDuringTheStart(t *testing.T) {
	netsims(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.ReadFull(r.Body, make([]byte, helloSize+resetSize))
		panic(http.ErrAbortHandler)
	}, func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
		transport, _ := join("chip")
		err, took := startOn(t, transport)
		require.Zero(t, took)
		<-transport.Done()
		require.EqualError(t, err, "att: the controller cannot be reached: "+transport.Err().Error())
		require.ErrorContains(t, transport.Err(), "hci: "+address+": the connection to netsim is lost: ")
		err, _ = startOn(t, transport)
		require.ErrorIs(t, err, transport.Err())
	})
}

// The connection is cut, without a word on the stream: on an idle one, and on one on which
// packets are sent all the time.
func TestNetsimConnectionCut(t *testing.T) {
	for _, busy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var network simnet.Network
			l, err := network.Listen()
			require.NoError(t, err)
			server := fakenetsim.Serve(l, sim.NewAir(sim.AirConfig{}))
			transport, err := hci.Open(t.Context(), address, hci.Config{Dial: network.Dial})
			require.NoError(t, err)
			in := new(inbox)
			transport.SetReceiver(in.receive)
			require.NoError(t, transport.Send(reset))
			require.Equal(t, [][]byte{resetDone}, in.take())
			sent := make(chan error, 1)
			go func() {
				var err error
				for busy && err == nil {
					err = transport.Send(reset)
				}
				sent <- err
			}()
			began := time.Now()
			server.Close()
			<-transport.Done()
			require.Zero(t, time.Since(began))
			require.ErrorContains(t, transport.Err(), "hci: "+address+": the connection to netsim is lost: ")
			if err := <-sent; busy {
				require.Equal(t, transport.Err(), err)
			}
			packets := in.take()
			require.Equal(t, hardwareError, packets[len(packets)-1])
		})
	}
}

// A netsim that reads nothing holds a host up for SendTimeout, with a bounded number of
// bytes under way.
func TestNetsimThatReadsNothing(t *testing.T) {
	over := make(chan struct{})
	netsims(t, func(http.ResponseWriter, *http.Request) { <-over }, func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
		over = make(chan struct{})
		defer close(over)
		transport, in := join("chip")
		data := append([]byte{2, 0x40, 0, 200, 0}, make([]byte, 200)...)
		sent, began := 0, time.Now()
		var err error
		for err == nil {
			err = transport.Send(data)
			sent++
		}
		require.EqualError(t, err, "hci: "+address+": the controller has taken no packet for 5s")
		require.Equal(t, hci.SendTimeout, time.Since(began))
		require.Less(t, sent, 10_000)
		<-transport.Done()
		require.Equal(t, [][]byte{hardwareError}, in.take())
	})
}

// What was sent before Close arrives, and the stream ends in order.
func TestNetsimClose(t *testing.T) {
	got := make(chan int, 1)
	netsims(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		_ = http.NewResponseController(w).Flush()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			b = nil
		}
		got <- len(b)
	}, func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
		got = make(chan int, 1)
		transport, in := join("chip")
		for range 100 {
			require.NoError(t, transport.Send(reset))
		}
		require.NoError(t, transport.Close())
		began := time.Now()
		<-transport.Done()
		require.Zero(t, time.Since(began))
		require.NoError(t, transport.Err())
		require.Equal(t, helloSize+100*resetSize, <-got)
		require.Empty(t, in.take())
	})
}

// A netsim that does not end its side is left after half a second.
func TestNetsimThatDoesNotLetGo(t *testing.T) {
	over := make(chan struct{})
	netsims(t, func(http.ResponseWriter, *http.Request) { <-over }, func(t *testing.T, join func(string) (*hci.Transport, *inbox)) {
		over = make(chan struct{})
		defer close(over)
		transport, _ := join("chip")
		synctest.Wait()
		began := time.Now()
		require.NoError(t, transport.Close())
		<-transport.Done()
		require.Equal(t, 500*time.Millisecond, time.Since(began))
		require.NoError(t, transport.Err())
	})
}

// A server that does not speak HTTP/2, such as one that expects HTTP/1.
func TestNetsimPortOfAnotherServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Network
		l, err := network.Listen()
		require.NoError(t, err)
		defer l.Close()
		for _, says := range []string{"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "\x04\x10\x00", ""} {
			transport, err := hci.Open(t.Context(), address, hci.Config{Dial: network.Dial})
			require.NoError(t, err)
			far, err := l.Accept()
			require.NoError(t, err)
			write(t, far, []byte(says))
			require.NoError(t, far.Close())
			<-transport.Done()
			require.ErrorContains(t, transport.Err(), "hci: "+address+": no answer over HTTP/2; is this netsim's gRPC port? (")
			require.NotContains(t, transport.Err().Error(), "\n")
		}
	})
}

// A server that says nothing and reads nothing, not even HTTP/2's preface.
func TestNetsimPortOfASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		transport, err := hci.Open(t.Context(), address, hci.Config{Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }})
		require.NoError(t, err)
		err, took := startOn(t, transport)
		require.EqualError(t, err, "att: resetting the controller: hci: "+address+": the controller has taken no packet for 5s")
		require.Equal(t, hci.SendTimeout, took)
		<-transport.Done()
		_, err = far.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err, "the connection is closed")
	})
}

// Each chip has a name of its own, and its controller goes with it.
func TestNetsimNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		var network simnet.Network
		l, err := network.Listen()
		require.NoError(t, err)
		server := fakenetsim.Serve(l, air)
		defer server.Close()
		var transports []*hci.Transport
		join := func(name string) *hci.Transport {
			transport, err := hci.Open(t.Context(), address, hci.Config{Name: name, Dial: network.Dial})
			require.NoError(t, err)
			transports = append(transports, transport)
			synctest.Wait()
			return transport
		}
		for range 5 {
			require.NoError(t, join("").Err())
		}
		require.NoError(t, join("PROV_A1B2C3").Err())
		chips := server.Chips()
		require.Len(t, chips, 6)
		for _, name := range chips[:5] {
			require.Regexp(t, "^wifiprov-[0-9a-f]{8}$", name)
		}
		require.Equal(t, "PROV_A1B2C3", chips[5])
		require.EqualError(t, join("PROV_A1B2C3").Err(), `hci: netsim:localhost:8554: netsim refuses this chip: "there is a chip with this name"`)
		for _, transport := range transports {
			require.NoError(t, transport.Close())
			<-transport.Done()
		}
		synctest.Wait()
		require.Empty(t, server.Chips())
	})
}
