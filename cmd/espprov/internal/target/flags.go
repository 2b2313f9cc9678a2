// SPDX-License-Identifier: Apache-2.0

// Package target finds the device that a command line names, and opens a client for it.
//
// Flags are the flags that name a device. A Device is what they, or the row of a table,
// come to; Device.Open opens a client.
package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// DefaultUsername is the user name of Espressif's examples and of RainMaker's devices,
// used for a device that wants one if the user names none.
const DefaultUsername = "wifiprov"

// Flags name a device and what a client must know of it. A command embeds them.
type Flags struct {
	QR        string        `group:"the device" name:"qr" placeholder:"CODE" help:"its QR code: the text, or a file with the text or an image; - is the standard input"`
	Transport Transport     `group:"the device" placeholder:"KIND" values:"softap,ble,console" help:"softap (HTTP), ble or console; softap if nothing tells it"`
	Device    string        `group:"the device" placeholder:"NAME" help:"softap: HOST or HOST:PORT, otherwise 192.168.4.1:80; ble: its name; console: a serial line, or - for a person who types"`
	Timeout   time.Duration `group:"the device" placeholder:"TIME" default:"30s" help:"the longest time that a request may take, ${default} if it is not given"`
	Bluetooth string        `group:"the device" placeholder:"ADAPTER" default:"bluez" help:"ble: bluez (or bluez:hci1), or a controller: hci0, netsim:, tcp:HOST:PORT, serial:LINE"`
	Service   UUID          `group:"the device" placeholder:"UUID" help:"ble: the service that it offers"`
	Baud      int           `group:"the device" placeholder:"N" default:"115200" help:"console: bits a second of the serial line, ${default} if it is not given"`

	Security Security    `group:"secrets" placeholder:"MODE" values:"0,1,2,auto" help:"0, 1 or 2; otherwise what the device says"`
	PoP      prompt.Text `group:"secrets" name:"pop" placeholder:"TEXT" help:"proof of possession, or the password of security 2 (ESPPROV_POP)"`
	PoPFile  string      `group:"secrets" name:"pop-file" placeholder:"FILE" help:"file with it; - is the standard input"`
	Username string      `group:"secrets" placeholder:"NAME" help:"user name of security 2; wifiprov if nothing tells it"`
}

// Device is a device to reach, and what a client must know of it.
type Device struct {
	Transport Transport
	// Name is host or host:port, the name on Bluetooth, or the serial line. Empty: the
	// device of an access point that this machine has joined, or the one in range.
	Name string
	// Service is the Bluetooth service; zero: the device's first.
	Service ble.UUID
	// Central is this machine's Bluetooth, for a BLE device.
	Central client.Central
	// Baud of a serial line; 0: 115200.
	Baud int
	// Timeout bounds each request; 0: 30 s.
	Timeout time.Duration
	// Client has the secrets, and how the client behaves.
	Client client.Config
	// Wrap, if it is not nil, is put around the transport.
	Wrap func(client.Transport) client.Transport
}

// Resolve returns the device that the flags name. It asks for no secret that the device
// may not want: the client does, when it is told to open a session. s is where it asks.
// The Bluetooth that it opens has to be closed with the second result.
func (f *Flags) Resolve(ctx context.Context, s cli.Streams) (*Device, func(), error) {
	l, err := f.label(s)
	if err != nil {
		return nil, nil, err
	}
	d := &Device{Transport: f.Transport, Name: f.Device, Service: ble.UUID(f.Service), Baud: f.Baud, Timeout: f.Timeout}
	if err := f.secrets(s, &d.Client, l); err != nil {
		return nil, nil, err
	}
	if l != nil && d.Transport == Unknown {
		d.Transport = fromLabel(l.Transport)
	}
	d.Transport = cmp.Or(d.Transport, SoftAP)
	if l != nil && d.Transport == BLE {
		d.Name = cmp.Or(d.Name, l.Name)
	}
	if f.Device == "" && d.Transport == Console {
		return nil, nil, errors.New("--transport console needs --device: a serial line, or - for a person who types")
	}
	if d.Transport != BLE {
		return d, func() {}, nil
	}
	central, closeCentral, err := OpenCentral(ctx, f.Bluetooth)
	if err != nil {
		return nil, nil, fmt.Errorf("--bluetooth: %w", err)
	}
	d.Central = central
	if d.Name == "" {
		if d.Name, err = choose(ctx, s, central, d.Service); err != nil {
			closeCentral()
			return nil, nil, err
		}
	}
	return d, closeCentral, nil
}

// label reads the QR code that --qr gives; nil: none.
func (f *Flags) label(s cli.Streams) (*label.Label, error) {
	if f.QR == "" {
		return nil, nil
	}
	l, _, err := LoadLabel(f.QR, s.In)
	if err != nil {
		return nil, fmt.Errorf("--qr: %w", err)
	}
	return &l, nil
}

// secrets fills in what a client has to know. Flags go before the QR code, which goes
// before the environment.
func (f *Flags) secrets(s cli.Streams, cfg *client.Config, l *label.Label) error {
	if l != nil {
		l.Fill(cfg)
	}
	from := prompt.Source{Flag: "pop", Value: f.PoP, File: f.PoPFile, Env: "ESPPROV_POP"}
	pop, _, err := from.Given(s)
	if err != nil {
		return err
	}
	if l != nil && l.PoP != "" && !f.PoP.Given && f.PoPFile == "" {
		pop = l.PoP
	}
	if f.Username != "" && f.Security == 0 {
		cfg.Security = client.Security2 // only that has user names
	}
	if f.Security != 0 {
		cfg.Security = client.Security(f.Security)
	}
	username := f.Username
	if l != nil {
		username = cmp.Or(username, l.Username)
	}
	cfg.PoP, cfg.Username, cfg.Password = "", "", ""
	if pop != "" && cfg.Security != client.Security2 {
		cfg.PoP = pop
	}
	if pop != "" && cfg.Security != client.Security1 {
		cfg.Username, cfg.Password = cmp.Or(username, DefaultUsername), pop
	}
	cfg.AskPoP = func(ctx context.Context) (hal.Secret, error) {
		from.Question = "Proof of possession"
		return from.Read(ctx, s)
	}
	cfg.AskLogin = func(ctx context.Context) (string, hal.Secret, error) {
		from.Question = fmt.Sprintf("Password of %q", cmp.Or(username, DefaultUsername))
		password, err := from.Read(ctx, s)
		return cmp.Or(username, DefaultUsername), password, err
	}
	return nil
}
