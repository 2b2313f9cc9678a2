// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// program is the program around the command.
type program struct {
	Sim Command `cmd:""`
}

func runProgram(ctx context.Context, args []string, s cli.Streams) int {
	return cli.Run(ctx, "espprov", "", new(program), append([]string{"sim"}, args...), s)
}

// TestMain is the program itself where a test starts this binary as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sim" {
		os.Exit(runProgram(context.Background(), os.Args[2:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// running is a command that runs.
type running struct {
	t      *testing.T
	cancel context.CancelFunc
	status chan int
	lines  chan string // of the output
	all    []string    // that were read
	errs   buffer
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start starts the command, whose times are a hundredth.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	r := &running{t: t, cancel: cancel, status: make(chan int, 1), lines: make(chan string, 10000)}
	in, out := io.Pipe()
	go func() {
		status := runProgram(ctx, append([]string{"--time-scale", "100"}, args...), cli.Streams{Out: out, Err: &r.errs})
		out.Close()
		r.status <- status
	}()
	go func() {
		defer close(r.lines)
		for text := bufio.NewScanner(in); text.Scan(); {
			r.lines <- text.Text()
		}
	}()
	t.Cleanup(func() { r.stop() })
	return r
}

// line waits for a line of the output that has all parts.
func (r *running) line(parts ...string) string {
	r.t.Helper()
	for line := range r.lines {
		r.all = append(r.all, line)
		missing := 0
		for _, part := range parts {
			if !strings.Contains(line, part) {
				missing++
			}
		}
		if missing == 0 {
			return line
		}
	}
	require.Fail(r.t, "the command has ended", "waiting for %q; it printed %q, %s", parts, r.all, r.errs.String())
	return ""
}

// address waits for the address of a device.
func (r *running) address(name string) string {
	r.t.Helper()
	var l line
	require.NoError(r.t, json.Unmarshal([]byte(r.line(`"ADDRESS"`, `"`+name+`"`)), &l))
	return l.Detail
}

// stop ends the command as a signal does, and returns its exit status.
func (r *running) stop() int {
	r.cancel()
	return r.wait()
}

// wait waits for the end of the command, and returns its exit status.
func (r *running) wait() int {
	for line := range r.lines {
		r.all = append(r.all, line)
	}
	status := <-r.status
	r.status <- status
	return status
}

var rewrite = flag.Bool("rewrite", false, "write what the commands print into the script")

var right = client.Credentials{SSID: simdevice.Right.SSID, Passphrase: simdevice.Right.Passphrase}

// provision provisions the device at an address.
func provision(t *testing.T, address string, cfg client.Config) error {
	t.Helper()
	transport, err := client.NewHTTP(client.HTTPConfig{Address: address, Timeout: 10 * time.Second})
	require.NoError(t, err)
	return over(t, transport, cfg)
}

func over(t *testing.T, transport client.Transport, cfg client.Config) error {
	t.Helper()
	cfg.PollInterval = 20 * time.Millisecond
	c, err := client.New(transport, cfg)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Provision(t.Context(), right)
	return err
}

var pop = client.Config{Security: client.Security1, PoP: simdevice.DefaultPoP}
