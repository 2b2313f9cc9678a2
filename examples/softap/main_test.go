// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/examples/internal/demo"
	"github.com/wifiprov/wifiprov/internal/test/output"
)

// device runs the example and collects what it prints.
type device struct {
	output.Buffer
	stop context.CancelFunc
	done chan error
}

func start(t *testing.T, o options) *device {
	ctx, cancel := context.WithCancel(context.Background())
	d := &device{stop: cancel, done: make(chan error, 1)}
	go func() { d.done <- run(ctx, o, d) }()
	t.Cleanup(cancel)
	return d
}

// line waits for a line and returns what follows it.
func (d *device) line(t *testing.T, prefix string) string {
	t.Helper()
	var rest string
	require.Eventually(t, func() bool {
		_, after, found := strings.Cut(d.String(), prefix)
		rest, _, _ = strings.Cut(after, "\n")
		return found && strings.Contains(after, "\n")
	}, 10*time.Second, time.Millisecond, "the device did not print %q", prefix)
	return rest
}

func (d *device) powerOff(t *testing.T) {
	d.stop()
	require.NoError(t, <-d.done)
}

// The device is provisioned, remembers it over a restart, and forgets it when
// told to.
func TestSoftAPExample(t *testing.T) {
	o := options{addr: "127.0.0.1:0", security: demo.Security{Mode: 1, PoP: "abcd1234"}, flash: filepath.Join(t.TempDir(), "nvs.bin")}
	d := start(t, o)
	transport, err := client.NewHTTP(client.HTTPConfig{Address: d.line(t, "serving on ")})
	require.NoError(t, err)
	c, err := client.New(transport, client.Config{PoP: "abcd1234", PollInterval: 50 * time.Millisecond})
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	answer, err := c.Custom(t.Context(), "custom-data", []byte("hello"))
	require.NoError(t, err)
	require.Equal(t, "SUCCESS\x00", string(answer))
	require.Equal(t, `"hello"`, d.line(t, "custom data: "))
	_, err = c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	require.NoError(t, err)
	require.Equal(t, "HomeNet", d.line(t, "provisioned for "))
	require.Equal(t, "192.168.1.77", d.line(t, "online with address "))
	d.powerOff(t)

	again := start(t, o)
	require.Equal(t, "HomeNet", again.line(t, "provisioned for "))
	require.Equal(t, "192.168.1.77", again.line(t, "online with address "))
	again.powerOff(t)

	o.reset = true
	reset := start(t, o)
	reset.line(t, "serving on ")
	reset.powerOff(t)
}
