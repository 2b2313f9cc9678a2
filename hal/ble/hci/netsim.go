// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// closeGrace is how long netsim may take to end a stream that this side has ended.
const closeGrace = 500 * time.Millisecond

// netsim is a chip in netsim: a gRPC stream of packets over HTTP/2 without TLS. Each Write
// is one packet. Read is called by one goroutine; its first error is the end.
type netsim struct {
	conn    net.Conn
	request *http.Request
	cancel  context.CancelFunc // ends the request
	in      *io.PipeReader     // into the request's body
	out     *io.PipeWriter

	// of Read
	answers *messages // nil: there is no response yet
	rest    []byte    // of a packet
}

// openNetsim joins the netsim at HOST:PORT, or the instance of this machine.
func openNetsim(ctx context.Context, address string, cfg Config) (io.ReadWriteCloser, error) {
	hint := "is the emulator running?"
	if _, _, err := net.SplitHostPort(address); err != nil {
		file, port, err := discover(address)
		if err != nil {
			return nil, err
		}
		address = net.JoinHostPort("localhost", strconv.Itoa(port))
		hint = "is the emulator that wrote " + file + " still running?"
	}
	conn, err := cfg.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, hint)
	}
	if cfg.Name == "" {
		var random [4]byte
		_, _ = rand.Read(random[:]) // never fails
		cfg.Name = "wifiprov-" + hex.EncodeToString(random[:])
	}
	n, err := newNetsim(conn, address, cfg.Name)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return n, nil
}

// errOver is what writers get when the stream has ended.
var errOver = errors.New("the stream has ended")

// body is the body of the request.
type body struct {
	io.Reader
	in *io.PipeReader
}

// Close is called when netsim reads no more.
func (b body) Close() error { return b.in.CloseWithError(errOver) }

// newNetsim returns a chip in the netsim at the other end of conn.
func newNetsim(conn net.Conn, address, name string) (*netsim, error) {
	n := &netsim{conn: conn}
	n.in, n.out = io.Pipe()
	hello := appendMessage(nil, appendInitialInfo(nil, name))
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/netsim.packet.PacketStreamer/StreamPackets",
		body{io.MultiReader(bytes.NewReader(hello), n.in), n.in})
	if err != nil {
		cancel()
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	n.request, n.cancel = request, cancel
	return n, nil
}

// start sends the request and returns the beginning of the response.
func (n *netsim) start() (*http.Response, error) {
	conn := n.conn
	transport := &http.Transport{
		Protocols:          new(http.Protocols),
		HTTP2:              &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 64 << 10},
		DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			if conn == nil {
				return nil, errOver
			}
			first := conn
			conn = nil
			return first, nil
		},
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	response, err := transport.RoundTrip(n.request)
	if err != nil {
		return nil, fmt.Errorf("no answer over HTTP/2; is this netsim's gRPC port? (%w)", err)
	}
	return response, nil
}

// Write sends one packet. At the end of the stream packets are lost, and Read tells why.
func (n *netsim) Write(packet []byte) (int, error) {
	if _, err := n.out.Write(appendMessage(nil, appendPacket(nil, packet))); err != nil && !errors.Is(err, errOver) {
		return 0, err
	}
	return len(packet), nil
}

// Read reads the packets that netsim sends, one after the other.
func (n *netsim) Read(p []byte) (int, error) {
	for len(n.rest) == 0 {
		packet, err := n.next()
		if err != nil {
			n.stop()
			return 0, err
		}
		n.rest = packet
	}
	k := copy(p, n.rest)
	n.rest = n.rest[k:]
	return k, nil
}

// next returns the next packet, which may be empty.
func (n *netsim) next() ([]byte, error) {
	if n.answers == nil {
		response, err := n.start()
		if err != nil {
			return nil, err
		}
		if n.answers, err = newMessages(response); err != nil {
			return nil, err
		}
	}
	message, err := n.answers.next()
	if err != nil {
		return nil, err
	}
	return parseResponse(message)
}

// stop ends the stream.
func (n *netsim) stop() {
	_ = n.in.CloseWithError(errOver)
	n.cancel()
	_ = n.conn.Close()
}

// Close tells netsim that nothing follows. Read fails when netsim has ended the stream too,
// or after closeGrace.
func (n *netsim) Close() error {
	time.AfterFunc(closeGrace, n.cancel)
	return n.out.Close()
}
