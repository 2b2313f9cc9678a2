// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// responses reads a stream of netsim's until its end.
func responses(r io.Reader) (found [][]byte, err error) {
	m := messages{response: &http.Response{Body: io.NopCloser(r), Trailer: http.Header{"Grpc-Status": {"0"}}}}
	for {
		message, err := m.next()
		if err != nil {
			return found, err
		}
		packet, err := parseResponse(message)
		if err != nil {
			return found, err
		}
		found = append(found, packet)
	}
}

// Whatever netsim sends, and however it is cut: whole packets or an error of one line, and
// never more memory than one message needs.
func FuzzNetsim(f *testing.F) {
	event := appendMessage(nil, appendPacket(nil, []byte{typeEvent, 0x10, 0}))
	f.Add(event)
	f.Add(append(event, event[:7]...))
	f.Add(appendMessage(nil, appendField(nil, responseError, []byte("Device busy\n"))))
	f.Add(appendMessage(event, appendInitialInfo(nil, "chip")))
	f.Add([]byte{0, 0xFF, 0xFF, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, stream []byte) {
		found, why := responses(bytes.NewReader(stream))
		again, whyAgain := responses(iotest.OneByteReader(bytes.NewReader(stream)))
		require.Equal(t, found, again)
		require.Equal(t, why, whyAgain)
		require.NotContains(t, why.Error(), "\n")
		for _, packet := range found {
			require.True(t, len(packet) == 0 || isPacket(packet))
		}
	})
}
