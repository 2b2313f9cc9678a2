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
	"errors"
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
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
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
	board, err := air.NewBoard(sim.BoardConfig{Flash: flash})
	if err != nil {
		return err
	}
	defer board.Close()

	var m wifiprov.Manager
	err = m.Init(wifiprov.Config{
		WiFi: board,
		Scheme: softap.New(softap.Config{
			AP: board,
			Server: httpd.Config{Listen: func() (net.Listener, error) {
				l, err := net.Listen("tcp", o.addr)
				if err == nil {
					fmt.Fprintf(out, "serving on %s\n", l.Addr())
				}
				return l, err
			}},
		}),
		EventHandler: func(e wifiprov.Event) { report(out, e) },
	})
	if err != nil {
		return err
	}
	defer m.Deinit()

	if o.reset {
		if err := m.ResetProvisioning(); err != nil {
			return err
		}
	}
	provisioned, err := m.IsProvisioned()
	if err != nil {
		return err
	}
	if !provisioned {
		if err := provision(ctx, &m, o, board, out); err != nil {
			return err
		}
	}
	return normalLife(ctx, board, out)
}

// provision runs the service until it ends, or ctx does.
func provision(ctx context.Context, m *wifiprov.Manager, o options, board *sim.Board, out io.Writer) error {
	sec, err := o.security.New()
	if err != nil {
		return err
	}
	// The endpoint of ESP-IDF's examples; esp_prov's --custom_data sends to it.
	if err := m.CreateEndpoint("custom-data"); err != nil {
		return err
	}
	mac := board.MAC()
	name := fmt.Sprintf("PROV_%02X%02X%02X", mac[3], mac[4], mac[5])
	if err := m.StartProvisioning(sec, name, ""); err != nil {
		return err
	}
	err = m.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		fmt.Fprintf(out, "custom data: %q\n", req)
		return []byte("SUCCESS\x00"), nil
	})
	if err != nil {
		return err
	}
	select {
	case <-m.Done():
	case <-ctx.Done():
	}
	return nil
}

// normalLife is what a provisioned device does: it joins its network and stays.
func normalLife(ctx context.Context, board *sim.Board, out io.Writer) error {
	if ctx.Err() != nil {
		return nil
	}
	config, err := board.StationConfig()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "provisioned for %s\n", config.SSID)
	if link, err := board.Link(); err == nil { // still from provisioning
		fmt.Fprintf(out, "online with address %s\n", link.IP)
	} else if err := join(board, out); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// join connects to the stored network, as firmware does after power-on.
func join(board *sim.Board, out io.Writer) error {
	board.Subscribe(func(e hal.Event) {
		if e.Kind == hal.EventGotIP {
			fmt.Fprintf(out, "online with address %s\n", e.IP)
		}
	})
	if err := errors.Join(board.SetMode(hal.ModeSTA), board.Start()); err != nil {
		return err
	}
	return board.Connect()
}

func report(out io.Writer, e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredRecv:
		fmt.Fprintf(out, "got credentials for %s\n", e.Station.SSID)
	case wifiprov.EventCredFail:
		fmt.Fprintf(out, "could not join: %s; the client may reset and try again\n", e.Reason)
	case wifiprov.EventCredSuccess:
		fmt.Fprintln(out, "the credentials work")
	case wifiprov.EventEnd:
		fmt.Fprintln(out, "service ended")
	}
}
