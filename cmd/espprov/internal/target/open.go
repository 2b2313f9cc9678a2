// SPDX-License-Identifier: Apache-2.0

package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"go.bug.st/serial"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/client/bluezcentral"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
)

// Open returns a client for the device, which the caller closes. It sends nothing, but
// opens a serial line. A person who types sits at s. An error has its exit status.
func (d *Device) Open(s cli.Streams) (*client.Client, error) {
	t, err := d.open(s)
	if err != nil {
		return nil, err
	}
	if d.Wrap != nil {
		t = d.Wrap(t)
	}
	c, err := client.New(t, d.Client)
	if err != nil {
		_ = t.Close() // nothing was sent
		return nil, Failure(err)
	}
	return c, nil
}

func (d *Device) open(s cli.Streams) (client.Transport, error) {
	switch d.Transport {
	case SoftAP:
		return client.NewHTTP(client.HTTPConfig{Address: d.Name, Timeout: d.Timeout})
	case BLE:
		return client.NewBLE(client.BLEConfig{Central: d.Central, Name: d.Name, Service: d.Service, Timeout: d.Timeout})
	case Console:
		if d.Name == "-" {
			return client.NewRelay(s.In, s.Err), nil
		}
		line, err := serial.Open(d.Name, &serial.Mode{BaudRate: cmp.Or(d.Baud, 115200)})
		if err != nil {
			return nil, &cli.Failure{Status: cli.TryAgain, Err: fmt.Errorf("%s: %s: is the device plugged in, and may this user open it?",
				d.Name, strings.ToLower(err.Error()))}
		}
		return client.NewConsole(line, client.ConsoleConfig{Timeout: d.Timeout})
	}
	return nil, fmt.Errorf("no transport %d", d.Transport)
}

// OpenCentral returns the Bluetooth of this machine that the text names, as the flag
// --bluetooth does, and what closes it.
func OpenCentral(ctx context.Context, name string) (client.Central, func(), error) {
	if adapter, ok := strings.CutPrefix(name, "bluez"); ok {
		if runtime.GOOS != "linux" {
			return nil, nil, fmt.Errorf("there is no Bluetooth for %s in espprov: provision over softap or console, or name a controller with --bluetooth serial:LINE or tcp:HOST:PORT", runtime.GOOS)
		}
		return bluezcentral.New(bluezcentral.Config{Adapter: strings.TrimPrefix(adapter, ":")}), func() {}, nil
	}
	if kind, _, _ := strings.Cut(name, ":"); kind != "netsim" && kind != "tcp" && kind != "serial" && !strings.HasPrefix(kind, "hci") {
		return nil, nil, fmt.Errorf("no Bluetooth %q: take bluez, bluez:hci1, hci0, netsim:, tcp:HOST:PORT or serial:LINE", name)
	}
	controller, err := hci.Open(ctx, name, hci.Config{})
	if err != nil {
		return nil, nil, &cli.Failure{Status: cli.TryAgain, Err: err}
	}
	central, err := blecentral.New(controller, blecentral.Config{Pairing: new(blecentral.Pairing)})
	if err != nil {
		_ = controller.Close()
		return nil, nil, &cli.Failure{Status: cli.TryAgain, Err: err}
	}
	return central, func() { _ = controller.Close() }, nil
}

// Failure gives an error of a client its exit status, unless it has one. It returns nil
// for nil.
func Failure(err error) error {
	if cli.StatusOf(err) != cli.NotDone || errors.Is(err, context.Canceled) {
		return err
	}
	is := func(these ...error) bool {
		for _, e := range these {
			if errors.Is(err, e) {
				return true
			}
		}
		return false
	}
	text := errors.New(Words(err))
	var refused *client.StatusError
	switch {
	case is(client.ErrPoP, client.ErrConnectionFailed, client.ErrNoEndpoint, client.ErrSecurity) || errors.As(err, &refused):
		return cli.No(text.Error())
	case is(client.ErrRefused) && !is(client.ErrNoAnswer, client.ErrUnreachable):
		return cli.No(text.Error())
	case is(client.ErrUnreachable, client.ErrNoAnswer, client.ErrTimeout, client.ErrBadAnswer, client.ErrClosed, client.ErrSessionLost, io.ErrUnexpectedEOF, context.DeadlineExceeded):
		return &cli.Failure{Status: cli.TryAgain, Err: text}
	}
	return text
}

// Words tells an error of a client in the words of the command line. Package client
// tells programs what to do, with names of its own.
func Words(err error) string {
	return inWords.Replace(strings.TrimPrefix(err.Error(), "client: "))
}

var inWords = strings.NewReplacer(
	"set Config.Security to Security0", "give --security 0",
	"set Config.Security to Security1 and leave Config.PoP empty", "give --pop ''",
	"set Config.PoP to", "give --pop with",
	"set Config.Password to", "give --pop with",
	"name Config.Security", "give --security",
	"and Config has a PoP, a user name and a password", "although a PoP was given", // --pop counts as either
	"and Config has", "and the command line has",
	"call Connect to ask it", "ask it with espprov status",
	", after a Reset if the device wants one", ", after espprov reset if the device wants one",
	"Reset after a failure, Reprovision after a success", "espprov reset after a failure, espprov reprovision after a success",
	"open the line again, with another Console", "is the line plugged in?",
	// A command opens a session each time that it runs.
	": call Connect again", "",
	" (call Connect again)", "",
	" (call Connect to go on)", "",
	" (call Connect to start over)", "",
	"; call Connect to go on", "",
)
