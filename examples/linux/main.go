// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Linux is a program on a Linux box that gets the box into a Wi-Fi network: without a
// stored network phones provision it, with one it joins, and joins again after a loss.
// It drives wpa_supplicant or NetworkManager, whichever owns the interface, so it needs
// their permission (run it as root) and takes the box out of its present network:
//
//	sudo go run ./examples/linux                    # over an access point of its own
//	sudo go run ./examples/linux -transport ble     # over Bluetooth, with bluetoothd
//
// and then Espressif's provisioning app, or on another machine that has joined the
// access point PROV_LINUX
//
//	go run ./cmd/espprov provision --pop abcd1234 --ssid HomeNet
//
// -reset forgets the network. A box without a program of its own has cmd/wifiprovd.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/hal/linux"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sloghal"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// pause is how long the station rests between two attempts to join.
const pause = 5 * time.Second

type options struct {
	wifi                 linux.Config
	transport, name, pop string
	reset                bool
}

func main() {
	var o options
	flag.StringVar(&o.wifi.Interface, "interface", "", "Wi-Fi `interface`; empty: the only one")
	flag.StringVar(&o.wifi.Store, "store", "wifi.nvs", "`file` for the network's credentials, with wpa_supplicant")
	flag.StringVar(&o.wifi.Bus, "bus", "", "`address` of the message bus; empty: the system bus")
	flag.StringVar(&o.transport, "transport", "softap", "how phones come: softap or ble")
	flag.StringVar(&o.name, "name", "PROV_LINUX", "`name` of the device")
	flag.StringVar(&o.pop, "pop", "abcd1234", "proof of possession; empty: none")
	flag.BoolVar(&o.reset, "reset", false, "forget the stored network first")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	o.wifi.Logger = sloghal.New(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	wifi, err := linux.Open(ctx, o.wifi)
	if err != nil {
		return err
	}
	defer wifi.Close() // the box is in its former network, or in the new one
	defer wifi.Subscribe(func(e hal.Event) { report(out, e) })()

	var m wifiprov.Manager
	if err := m.Init(o.config(wifi, out)); err != nil {
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
	if provisioned {
		if err := wifi.Start(); err != nil {
			return err
		}
	} else if err := o.provision(ctx, &m, out); err != nil || ctx.Err() != nil {
		return err
	}
	return stay(ctx, wifi)
}

// config is that of the Manager. What is stored stays until another network has proved to
// work.
func (o options) config(wifi *radio.Radio, out io.Writer) wifiprov.Config {
	var s scheme.Scheme = softap.New(softap.Config{AP: wifi})
	if o.transport == "ble" {
		s = ble.New(ble.Config{GATT: bluez.New(bluez.Config{Logger: o.wifi.Logger})})
	}
	return wifiprov.Config{
		WiFi: wifi, Scheme: s, Logger: o.wifi.Logger,
		VerifyCredentials: true, ReconnectFormer: true, RetryAfterFailure: true, JoinTimeout: time.Minute,
		EventHandler: func(e wifiprov.Event) { fmt.Fprintln(out, "provisioning:", e.Kind) },
	}
}

// provision lets phones come until one of them has brought the box into a network.
func (o options) provision(ctx context.Context, m *wifiprov.Manager, out io.Writer) error {
	sec, err := sec1.New(sec1.Config{PoP: security.Secret(o.pop)})
	if err != nil {
		return err
	}
	if err := m.StartProvisioning(sec, o.name, ""); err != nil {
		return err
	}
	fmt.Fprintf(out, "waiting as %s; ^C ends it\n", o.name)
	select {
	case <-m.Done():
	case <-ctx.Done():
	}
	return nil
}

// stay keeps the box in its network until ctx ends.
func stay(ctx context.Context, wifi *radio.Radio) error {
	lost := make(chan struct{}, 1)
	defer wifi.Subscribe(func(e hal.Event) {
		if e.Kind == hal.EventDisconnected {
			select {
			case lost <- struct{}{}:
			default:
			}
		}
	})()
	for {
		if err := wifi.Connect(); err != nil { // with a link it does nothing
			return err
		}
		select {
		case <-lost:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// report prints what the Wi-Fi says.
func report(out io.Writer, e hal.Event) {
	switch e.Kind {
	case hal.EventGotIP:
		fmt.Fprintln(out, "Wi-Fi:", e.Kind, e.IP)
	case hal.EventDisconnected:
		fmt.Fprintln(out, "Wi-Fi:", e.Kind, e.Reason)
	default:
		fmt.Fprintln(out, "Wi-Fi:", e.Kind)
	}
}
