// SPDX-License-Identifier: Apache-2.0

package ram

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// attach runs the device on a controller. tell waits for its end and returns what it has
// written.
func attach(t *testing.T, controller *sim.Controller, device string, args ...string) (tell func() []byte) {
	t.Helper()
	var text bytes.Buffer
	cmd := exec.CommandContext(t.Context(), device, args...)
	cmd.Env = append(os.Environ(), "GODEBUG=gcshrinkstackoff=1,asyncpreemptoff=1", "GOMAXPROCS=1")
	cmd.Stderr = &text
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	controller.SetReceiver(func(p []byte) { _, _ = in.Write(p) }) // fails when the device has ended
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() {
		for r := bufio.NewReader(out); ; {
			packet, err := fromHost(r)
			if err == nil {
				err = controller.Send(packet)
			}
			if err != nil {
				_ = cmd.Wait()
				ended <- err
				return
			}
		}
	}()
	return func() []byte {
		err := <-ended
		require.Equal(t, io.EOF, err)
		require.True(t, cmd.ProcessState.Success(), "%s", text.Bytes())
		return text.Bytes()
	}
}

// fromHost takes the next packet of a host, a command or data.
func fromHost(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	n := 4 + int(head[3])
	if head[0] == att.PacketACL {
		if head, err = r.Peek(5); err != nil {
			return nil, err
		}
		n = 5 + int(head[3]) + int(head[4])<<8
	}
	packet := make([]byte, n)
	_, err = io.ReadFull(r, packet)
	return packet, err
}
