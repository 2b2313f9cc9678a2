// SPDX-License-Identifier: Apache-2.0

// Softap is a simulated device that waits for a stock client. It keeps its Wi-Fi
// configuration between runs in nvs.bin, an NVS partition as on an ESP32.
// The image of a real device works too (-flash FILE):
//
//	go run ./examples/softap
//
// and then, from ESP-IDF's tools/esp_prov,
//
//	python esp_prov.py --transport softap --service_name 127.0.0.1:8080 \
//	    --sec_ver 1 --pop abcd1234 --ssid HomeNet --passphrase "correct horse"
//
// or, with -sec 2, "--sec_ver 2 --sec2_username wifiprov --sec2_pwd abcd1234".
//
// Around it are the networks HomeNet (passphrase "correct horse") and Café
// (open). Run it again to see that it remembers; -reset makes it forget.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/examples/internal/demo"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
)

type options struct {
	addr, flash string
	security    demo.Security
	reset       bool
	lifetime    time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to serve on")
	o.security.Flags()
	flag.StringVar(&o.flash, "flash", "nvs.bin", "`file` with the board's NVS partition; made if it is missing")
	flag.BoolVar(&o.reset, "reset", false, "forget the stored credentials first")
	flag.DurationVar(&o.lifetime, "for", 0, "end after this `time`; 0: when interrupted")
	flag.Parse()

	ctx, cancel := demo.Context(o.lifetime)
	defer cancel()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "softap:", err)
		os.Exit(1)
	}
}

// run is the life of the device: from power-on until ctx ends.
func run(ctx context.Context, o options, out io.Writer) error {
	flash, err := fileflash.Open(o.flash, sim.DefaultFlash)
	if err != nil {
		return err
	}
	defer flash.Close()
	air, err := demo.Air(sim.AirConfig{})
	if err != nil {
		return err
	}
	security, err := o.security.Device()
	if err != nil {
		return err
	}
	if o.reset {
		if err := forget(air, flash); err != nil {
			return err
		}
	}
	device, err := simdevice.Start(simdevice.Config{
		Air:   air,
		Board: sim.BoardConfig{Flash: flash},
		Listen: func() (net.Listener, error) {
			l, err := net.Listen("tcp", o.addr)
			if err == nil {
				fmt.Fprintf(out, "serving on %s\n", l.Addr())
			}
			return l, err
		},
		Security:  security,
		Endpoints: demo.CustomData(func(req []byte) { fmt.Fprintf(out, "custom data: %q\n", req) }),
		OnEvent:   func(e simdevice.Event) { report(out, e) },
	})
	if err != nil {
		return err
	}
	defer device.Close()
	if !device.Provisioned() {
		if _, err := device.Await(ctx, simdevice.Is(wifiprov.EventEnd)); err != nil {
			return nil // interrupted
		}
	}
	config, err := device.Board().StationConfig()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "provisioned for %s\n", config.SSID)
	<-ctx.Done()
	return nil
}

// forget erases what the board keeps of its Wi-Fi. The rest of the flash stays.
func forget(air *sim.Air, flash nvs.Flash) error {
	board, err := air.NewBoard(sim.BoardConfig{Flash: flash})
	if err != nil {
		return err
	}
	defer board.Close()
	return board.Restore()
}

func report(out io.Writer, e simdevice.Event) {
	switch {
	case simdevice.Is(wifiprov.EventCredRecv)(e):
		fmt.Fprintf(out, "got credentials for %s\n", e.Prov.Station.SSID)
	case simdevice.Is(wifiprov.EventCredFail)(e):
		fmt.Fprintf(out, "could not join: %s; the client may reset and try again\n", e.Prov.Reason)
	case simdevice.Is(wifiprov.EventCredSuccess)(e):
		fmt.Fprintln(out, "the credentials work")
	case simdevice.Is(wifiprov.EventEnd)(e):
		fmt.Fprintln(out, "service ended")
	case e.Kind == simdevice.WiFi && e.WiFi.Kind == hal.EventGotIP:
		fmt.Fprintf(out, "online with address %s\n", e.WiFi.IP)
	case e.Kind == simdevice.Trouble:
		fmt.Fprintln(out, e.Text)
	}
}
