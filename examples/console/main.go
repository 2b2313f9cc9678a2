// SPDX-License-Identifier: Apache-2.0

// Console is a simulated device that is provisioned over a line of text. Start
// it in a terminal and type a request, for example the question for its version
// (proto-ver, session 0, "ESP" in hex):
//
//	$ go run ./examples/console
//	device: provision me on this console
//
//	>> proto-ver 0 455350
//
//	7b0a092270726f7622…
//
//	>>
//
// The answer is hex as well. "help" lists the endpoints. Around the device are
// the networks HomeNet (passphrase "correct horse") and Café (open). What the
// device says about itself goes to stderr.
//
// # A client
//
// Esp_prov of ESP-IDF prints the lines to type here and asks for the answers:
//
//	python esp_prov.py --transport console --sec_ver 1 --pop abcd1234 \
//	    --ssid HomeNet --passphrase "correct horse"
//
// or, with -sec 2, "--sec_ver 2 --sec2_username wifiprov --sec2_pwd abcd1234".
// A program that is the client starts the device, or opens the other end of its
// line, and hands that to client.NewConsole, as main_test.go does.
//
// # From another terminal, over a pipe or a serial port
//
// Requests without encryption (-sec 0) can be prepared and piped:
//
//	printf 'proto-ver 0 455350\n' | go run ./examples/console -sec 0
//
// With -dev the line is a serial port (COM3 on Windows), which -baud sets up. Any
// other device file will do, such as one end of a pair of pseudo-terminals, whose
// other end another terminal uses:
//
//	go run ./examples/console -dev /dev/ttyUSB0 -baud 115200
//
//	socat -d -d pty,raw,echo=0 pty,raw,echo=0     # prints the two names
//	go run ./examples/console -dev /dev/pts/5 -echo
//	screen /dev/pts/6                             # elsewhere
//
// A terminal in line mode takes at most 4095 characters a line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.bug.st/serial"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/examples/internal/demo"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sloghal"
	"github.com/wifiprov/wifiprov/scheme/console"
)

type options struct {
	dev      string
	baud     int
	security demo.Security
	echo     bool
	verbose  bool
	lifetime time.Duration
	speed    float64
}

func main() {
	var o options
	flag.StringVar(&o.dev, "dev", "", "serial port or pseudo-terminal to serve on; empty: stdin and stdout")
	flag.IntVar(&o.baud, "baud", 0, "`speed` of the serial port, 8N1 without flow control; 0: -dev is used as it is set up")
	flag.BoolVar(&o.echo, "echo", false, "echo what is typed, as a chip does on its serial port")
	o.security.Flags()
	flag.BoolVar(&o.verbose, "v", false, "say why lines are not answered")
	flag.Float64Var(&o.speed, "speed", 1, "how `fast` the simulated time runs")
	flag.DurationVar(&o.lifetime, "for", 0, "end after this `time`; 0: when provisioned or interrupted")
	flag.Parse()

	ctx, cancel := demo.Context(o.lifetime)
	defer cancel()
	if err := run(ctx, o, os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "console:", err)
		os.Exit(1)
	}
}

// run is the life of the device: from power-on until it is provisioned, or in or
// ctx ends.
func run(ctx context.Context, o options, in io.Reader, out, say io.Writer) error {
	security, err := o.security.Device()
	if err != nil {
		return err
	}
	air, err := demo.Air(sim.AirConfig{TimeScale: o.speed})
	if err != nil {
		return err
	}
	line := &terminal{in: in, out: out, ended: make(chan struct{})}
	cfg := console.Config{Stream: line, NoEcho: !o.echo}
	if o.dev != "" {
		cfg.Open = func() (io.ReadWriteCloser, error) { return openDevice(o) }
	}
	if o.verbose {
		cfg.Logger = sloghal.New(slog.New(slog.NewTextHandler(say, nil)))
	}
	if o.dev == "" {
		fmt.Fprintln(say, "device: provision me on this console")
	} else {
		fmt.Fprintln(say, "device: provision me on", o.dev)
	}
	events := make(chan wifiprov.EventKind, 100)
	device, err := simdevice.Start(simdevice.Config{
		Name:      "PROV_CONSOLE",
		Air:       air,
		Transport: simdevice.Console,
		Security:  security,
		Endpoints: demo.CustomData(func(req []byte) { fmt.Fprintf(say, "device: custom data: %q\n", req) }),
		Manager: wifiprov.Config{EventHandler: func(e wifiprov.Event) {
			report(say, e)
			events <- e.Kind
		}},
		Firmware: func(b *simdevice.Boot) error {
			b.Config.Scheme = console.New(cfg)
			return simdevice.BuiltIn(b)
		},
	})
	if err != nil {
		return err
	}
	defer device.Close()
	wait(ctx, device.Manager(), events, line.ended)
	return farewell(device.Board(), say)
}

// openDevice opens the line that -dev names.
func openDevice(o options) (io.ReadWriteCloser, error) {
	if o.baud == 0 {
		return os.OpenFile(o.dev, os.O_RDWR, 0)
	}
	port, err := serial.Open(o.dev, &serial.Mode{BaudRate: o.baud})
	if err != nil {
		return nil, fmt.Errorf("opening %s at %d baud: %w", o.dev, o.baud, err)
	}
	return port, nil
}

// wait returns when ctx or the service has ended. It also returns when the input
// has ended and no credentials are being tried.
func wait(ctx context.Context, m *wifiprov.Manager, events <-chan wifiprov.EventKind, inputEnded <-chan struct{}) {
	trying, over := false, false
	for !over || trying || len(events) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-m.Done():
			return
		case kind := <-events:
			switch kind {
			case wifiprov.EventCredRecv:
				trying = true
			case wifiprov.EventCredFail, wifiprov.EventCredSuccess:
				trying = false
			}
		case <-inputEnded:
			over, inputEnded = true, nil
		}
	}
}

// terminal is a line of two halves. It closes ended when its input ends.
type terminal struct {
	in    io.Reader
	out   io.Writer
	once  sync.Once
	ended chan struct{}
}

func (t *terminal) Write(p []byte) (int, error) { return t.out.Write(p) }
func (t *terminal) Read(p []byte) (int, error) {
	n, err := t.in.Read(p)
	if err != nil {
		t.once.Do(func() { close(t.ended) })
	}
	return n, err
}

// farewell prints the outcome.
func farewell(board *sim.Board, say io.Writer) error {
	link, err := board.Link()
	if errors.Is(err, hal.ErrNotConnected) {
		fmt.Fprintln(say, "device: not provisioned")
		return nil
	}
	if err != nil {
		return err
	}
	config, err := board.StationConfig()
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "device: provisioned for %s, online with address %s\n", config.SSID, link.IP)
	return nil
}

func report(say io.Writer, e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredRecv:
		fmt.Fprintf(say, "device: got credentials for %s\n", e.Station.SSID)
	case wifiprov.EventCredFail:
		fmt.Fprintf(say, "device: could not join: %s; the client may reset and try again\n", e.Reason)
	case wifiprov.EventCredSuccess:
		fmt.Fprintln(say, "device: the credentials work")
	case wifiprov.EventEnd:
		fmt.Fprintln(say, "device: service ended")
	}
}
