// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/examples/internal/demo"
	"github.com/wifiprov/wifiprov/internal/test/output"
)

// asDevice is set in the environment of a child process that is the example.
const asDevice = "WIFIPROV_TEST_CONSOLE_DEVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asDevice) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// pipes are a child's stdin and stdout.
type pipes struct {
	io.Reader
	io.WriteCloser
	child *exec.Cmd
}

// Close makes the child's input end, and the child with it.
func (p pipes) Close() error {
	if err := p.WriteCloser.Close(); err != nil {
		return err
	}
	return p.child.Wait()
}

// device starts the example as a process of its own.
func device(t *testing.T, args ...string) (pipes, *bytes.Buffer) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], append(args, "-speed", "20")...)
	child.Env = append(os.Environ(), asDevice+"=1")
	var said bytes.Buffer
	child.Stderr = &said
	in, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	return pipes{out, in, child}, &said
}

// provision is a whole provisioning by a client.
func provision(t *testing.T, transport client.Transport, security client.Security) {
	t.Helper()
	c, err := client.New(transport, client.Config{Security: security, PoP: "abcd1234", Username: "wifiprov", Password: "abcd1234", PollInterval: 50 * time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, c.Connect(ctx))
	answer, err := c.Custom(ctx, "custom-data", []byte("hello"))
	require.NoError(t, err)
	require.Equal(t, "SUCCESS\x00", string(answer))
	networks, err := c.Scan(ctx, client.ScanOptions{})
	require.NoError(t, err)
	require.Len(t, networks, 2)
	conn, err := c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	require.NoError(t, err)
	require.Equal(t, "192.168.1.77", conn.IP.String())
}

// A client provisions the example through the pipes of a process.
func TestConsoleExample(t *testing.T) {
	for _, args := range [][]string{{"-sec", "0"}, {"-sec", "1"}, {"-sec", "2"}, {"-echo"}} {
		line, said := device(t, args...)
		transport, err := client.NewConsole(line, client.ConsoleConfig{})
		require.NoError(t, err)
		security := client.SecurityAuto
		if args[len(args)-1] == "0" { // less than the secrets is not taken unasked
			security = client.Security0
		}
		provision(t, transport, security)
		require.NoError(t, transport.Close())
		require.Contains(t, said.String(), `device: custom data: "hello"`)
		require.Contains(t, said.String(), "device: provisioned for HomeNet, online with address 192.168.1.77\n")
	}
}

// Prepared requests are piped in, and the device carries them out before it
// ends: what the package's comment shows.
func TestConsoleExampleScript(t *testing.T) {
	line, said := device(t, "-sec", "0")
	_, err := io.WriteString(line, "help\nproto-ver 0 455350\n"+
		// SetConfig for Café, and ApplyConfig
		"prov-config 0 080262070a05436166c3a9\nprov-config 0 08047200\nnonsense\n")
	require.NoError(t, err)
	require.NoError(t, line.WriteCloser.Close())
	out, err := io.ReadAll(line.Reader)
	require.NoError(t, err)
	require.NoError(t, line.child.Wait())
	require.Contains(t, string(out), "\r\nproto-ver <session> <hex>\r\n")
	require.Contains(t, string(out), "\r\n7b0a092270726f7622")
	require.Contains(t, string(out), "\n>> \r\n08036a00\r\n\n>> \r\n08057a00\r\n\n>> \n>> ")
	require.Contains(t, said.String(), "device: provisioned for Café, online")
}

// A person relays, as with esp_prov: reads the request aloud, here to a second
// client of the device's line, and types what it answered.
func TestConsoleExampleRelay(t *testing.T) {
	line, said := device(t)
	console, err := client.NewConsole(line, client.ConsoleConfig{})
	require.NoError(t, err)
	shown, screen, err := os.Pipe()
	require.NoError(t, err)
	defer shown.Close()
	keyboard, hands := io.Pipe()
	go person(t, console, shown, hands)
	provision(t, client.NewRelay(keyboard, screen), client.SecurityAuto)
	screen.Close()
	require.NoError(t, console.Close())
	require.Contains(t, said.String(), "device: provisioned for HomeNet")
}

// The settings that cannot be used are named.
func TestConsoleExampleErrors(t *testing.T) {
	var said output.Buffer
	err := run(t.Context(), options{security: demo.Security{Mode: 3}}, strings.NewReader(""), io.Discard, &said)
	require.ErrorContains(t, err, "-sec is 3")
	err = run(t.Context(), options{dev: "/no/such/device"}, strings.NewReader(""), io.Discard, &said)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// person does with the console what the relay says, and tells it the answers.
func person(t *testing.T, console *client.Console, shown io.Reader, hands io.Writer) {
	r := bufio.NewReader(shown)
	for {
		text, err := r.ReadString('\n')
		if err != nil {
			return
		}
		_, request, found := strings.Cut(text, "Client->Device msg : ")
		words := strings.Fields(request)
		if !found || len(words) != 3 {
			continue
		}
		body, err := hex.DecodeString(words[2])
		if err != nil {
			t.Error(err)
			return
		}
		answer, err := console.Do(t.Context(), words[0], body)
		if err != nil {
			answer = nil
		}
		fmt.Fprintf(hands, "%x\n", answer)
	}
}
