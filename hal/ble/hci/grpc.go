// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/quote"
)

const (
	messageHead = 5 // compressed or not, length
	// maxMessage is the size of the longest message: a packet and its fields.
	maxMessage = MaxPacket + 64
	// maxWords is how much of the server's own words is shown.
	maxWords = 200
)

var errHalfMessage = errors.New("netsim has ended the stream in the middle of a message")

// appendMessage appends a message in gRPC's framing.
func appendMessage(dst, message []byte) []byte {
	dst = append(dst, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(message)))
	return append(dst, message...)
}

// messages are those of a gRPC response.
type messages struct {
	response *http.Response
	head     [messageHead]byte
	buf      []byte
}

// newMessages fails if the response is not one of gRPC.
func newMessages(r *http.Response) (*messages, error) {
	m := &messages{response: r}
	switch {
	case r.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("HTTP status %d; is this netsim's gRPC port?", r.StatusCode)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		return nil, fmt.Errorf("an answer that is not gRPC; is this netsim's gRPC port?")
	case r.Header.Get("Grpc-Status") != "": // an answer of trailers only
		return nil, status(r.Header)
	}
	return m, nil
}

// next returns the next message, which is valid until the next call. At the end of the
// stream it returns the status as an error; io.EOF: no error.
func (m *messages) next() ([]byte, error) {
	switch n, err := io.ReadFull(m.response.Body, m.head[:]); {
	case errors.Is(err, io.EOF):
		return nil, status(m.response.Trailer)
	case err != nil && n == 0:
		return nil, fmt.Errorf("the connection to netsim is lost: %w", err)
	case err != nil:
		return nil, errHalfMessage
	case m.head[0] != 0:
		return nil, fmt.Errorf("netsim sends a compressed message, which was not agreed on")
	}
	size := binary.BigEndian.Uint32(m.head[1:])
	if size > maxMessage {
		return nil, fmt.Errorf("netsim sends a message of %d bytes, more than %d", size, maxMessage)
	}
	if m.buf == nil {
		m.buf = make([]byte, maxMessage)
	}
	message := m.buf[:size]
	if _, err := io.ReadFull(m.response.Body, message); err != nil {
		return nil, errHalfMessage
	}
	return message, nil
}

// statuses are the names of gRPC's status codes.
var statuses = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
	"UNAUTHENTICATED",
}

// status returns the status in trailers as an error; io.EOF: no error.
func status(trailers http.Header) error {
	text := trailers.Get("Grpc-Status")
	code, err := strconv.Atoi(text)
	switch {
	case err != nil || code < 0:
		return fmt.Errorf("netsim has ended the stream without a gRPC status")
	case code == 0:
		return io.EOF
	case code < len(statuses):
		text = statuses[code]
	}
	said := trailers.Get("Grpc-Message")
	if plain, err := url.PathUnescape(said); err == nil {
		said = plain
	}
	return fmt.Errorf("netsim has ended the stream with gRPC status %s: %s", text, words(said))
}

// words returns the beginning of a server's own words in quotes.
func words(s string) string {
	if len(s) > maxWords {
		s = s[:maxWords] + "…"
	}
	return quote.Text(s)
}
