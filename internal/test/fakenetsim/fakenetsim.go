// SPDX-License-Identifier: Apache-2.0

// Package fakenetsim is what package hci reaches, for tests: a netsim, and controllers
// that speak H4 over TCP. Behind both are simulated controllers on one air.
package fakenetsim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wifiprov/wifiprov/hal/sim"
)

// Server is a netsim. Each of its streams is a chip with a new controller.
type Server struct {
	air    *sim.Air
	server http.Server

	mu    sync.Mutex
	chips []string
}

// Serve starts a netsim on l, which belongs to it from here on. Close ends it.
func Serve(l net.Listener, air *sim.Air) *Server {
	s := &Server{air: air}
	var prior http.Protocols
	prior.SetUnencryptedHTTP2(true)
	s.server.Protocols = &prior
	s.server.Handler = http.HandlerFunc(s.stream)
	go func() { _ = s.server.Serve(l) }()
	return s
}

// Close ends all streams.
func (s *Server) Close() { _ = s.server.Close() }

// Chips returns the names of the chips, in the order of their arrival.
func (s *Server) Chips() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.chips)
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	if r.URL.Path != "/netsim.packet.PacketStreamer/StreamPackets" || r.Header.Get("Content-Type") != "application/grpc" || r.Header.Get("Te") != "trailers" {
		w.Header().Set("Grpc-Status", "12")
		return
	}
	out := &answers{w: w}
	err := s.chip(r.Body, out)
	out.mu.Lock()
	defer out.mu.Unlock()
	out.over = true
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	if err != nil {
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "3")
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", err.Error())
	}
}

// chip serves a chip until its stream ends.
func (s *Server) chip(in io.Reader, out *answers) error {
	kind, body, err := request(in)
	if err != nil {
		return err
	}
	if kind != 1 {
		return errors.New("the stream does not begin with initial_info")
	}
	name := string(bytesIn(body, 1))
	if len(bytesIn(body, 2)) != 2 || numberIn(bytesIn(body, 2), 1) != 1 || string(bytesIn(bytesIn(body, 3), 1)) != name {
		return errors.New("not a Bluetooth chip")
	}
	if !s.add(name) {
		out.write(field(nil, 1, []byte("there is a chip with this name")))
		return nil
	}
	defer s.remove(name)
	controller, err := s.air.NewController(sim.ControllerConfig{})
	if err != nil {
		return err
	}
	defer controller.Close()
	controller.SetReceiver(func(packet []byte) {
		p := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(packet[0]))
		out.write(field(nil, 2, field(p, 2, packet[1:])))
	})
	for {
		kind, body, err := request(in)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case kind != 2:
			return fmt.Errorf("request %d is no packet", kind)
		}
		if err := controller.Send(append([]byte{byte(numberIn(body, 1))}, bytesIn(body, 2)...)); err != nil {
			return err
		}
	}
}

func (s *Server) add(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.chips, name) {
		return false
	}
	s.chips = append(s.chips, name)
	return true
}

func (s *Server) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chips = slices.DeleteFunc(s.chips, func(other string) bool { return other == name })
}

// answers are the messages to a chip.
type answers struct {
	mu   sync.Mutex
	w    http.ResponseWriter
	over bool
}

func (a *answers) write(message []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return
	}
	_, _ = a.w.Write(Frame(message))
	_ = http.NewResponseController(a.w).Flush()
}

// Frame returns a message in gRPC's framing.
func Frame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// request reads one request, which has one field.
func request(in io.Reader) (kind protowire.Number, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	message := make([]byte, min(binary.BigEndian.Uint32(head[1:]), 1<<16))
	if _, err := io.ReadFull(in, message); err != nil {
		return 0, nil, err
	}
	kind, _, size := protowire.ConsumeTag(message)
	if size < 0 {
		return 0, nil, errors.New("not a request")
	}
	body, size = protowire.ConsumeBytes(message[size:])
	if size < 0 {
		return 0, nil, errors.New("not a request")
	}
	return kind, body, nil
}

func field(dst []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), value)
}

// bytesIn returns the bytes of one field of a message; nil: it has none.
func bytesIn(message []byte, number protowire.Number) (value []byte) {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeField(message)
		if size < 0 {
			return nil
		}
		if n == number && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(message)
			value, _ = protowire.ConsumeBytes(message[tag:])
		}
		message = message[size:]
	}
	return value
}

// numberIn returns the number of one field of a message; 0: it has none.
func numberIn(message []byte, number protowire.Number) (value uint64) {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeField(message)
		if size < 0 {
			return 0
		}
		if n == number && kind == protowire.VarintType {
			_, _, tag := protowire.ConsumeTag(message)
			value, _ = protowire.ConsumeVarint(message[tag:])
		}
		message = message[size:]
	}
	return value
}
