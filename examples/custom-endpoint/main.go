// SPDX-License-Identifier: Apache-2.0

// Custom-endpoint adds an endpoint of the application's own to the service: a
// phone app registers the device with its owner's account before it hands over
// the Wi-Fi credentials, over the same encrypted session.
//
//	go run ./examples/custom-endpoint
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec1"
)

const (
	endpoint = "register"
	pop      = "abcd1234"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "custom-endpoint:", err)
		os.Exit(1)
	}
}

func run() error {
	board, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	if err != nil {
		return err
	}
	defer board.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	var m wifiprov.Manager
	err = m.Init(wifiprov.Config{
		WiFi: board,
		Scheme: softap.New(softap.Config{
			AP:     board,
			Server: httpd.Config{Listen: func() (net.Listener, error) { return listener, nil }},
		}),
	})
	if err != nil {
		return err
	}
	defer m.Deinit()

	// The name is reserved before the start, the handler given after it. The
	// application's version goes into proto-ver, where apps can look for it.
	sec, err := sec1.New(sec1.Config{PoP: pop})
	if err != nil {
		return err
	}
	err = errors.Join(
		m.CreateEndpoint(endpoint),
		m.SetAppInfo("my_app", "1.2", []string{"register"}),
		m.StartProvisioning(sec, "PROV_A1B2C3", ""),
		m.RegisterEndpoint(endpoint, register),
	)
	if err != nil {
		return err
	}
	return app(listener.Addr().String())
}

// register is the device's side of the endpoint. The request is the account's
// name, the answer the device's serial number.
func register(_ protocomm.SessionID, req []byte) ([]byte, error) {
	account := strings.TrimSpace(string(req))
	if account == "" {
		return nil, errors.New("register: empty account") // the app gets no answer
	}
	fmt.Printf("device: registered with %q\n", account)
	return []byte("SN-0042"), nil
}

// app is the phone's side.
func app(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	transport, err := client.NewHTTP(client.HTTPConfig{Address: address})
	if err != nil {
		return err
	}
	c, err := client.New(transport, client.Config{PoP: pop})
	if err != nil {
		return err
	}
	defer c.Close()

	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	for _, a := range version.Apps {
		fmt.Printf("app:    device has %v\n", a)
	}
	if err := c.Connect(ctx); err != nil {
		return err
	}
	serial, err := c.Custom(ctx, endpoint, []byte("ada@example.org"))
	if err != nil {
		return err
	}
	fmt.Printf("app:    serial number is %q\n", serial) // %q: a device may send anything

	// A handler's error reaches the client as every other error of the device does.
	_, err = c.Custom(ctx, endpoint, []byte(" "))
	if !errors.Is(err, client.ErrRefused) {
		return fmt.Errorf("an empty account gave %v, want %w", err, client.ErrRefused)
	}
	fmt.Println("app:    an empty account was refused")
	return nil
}
