// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package chip

import (
	"errors"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	codes "github.com/wifiprov/wifiprov/hal/esp32/espradio"
	radio "github.com/wifiprov/wifiprov/hal/tinygo"
	"tinygo.org/x/espradio"
)

// Driver implements the Driver of package hal/tinygo. The zero value is ready.
// The chip has one radio, so use one Driver.
type Driver struct {
	// Hostname to ask for an address with; empty: "esp32".
	Hostname string

	net network
}

var _ radio.Driver = (*Driver)(nil)

// fail translates an error of espradio.
func fail(err error) error {
	var code espradio.Error
	if errors.As(err, &code) {
		return codes.Code(code)
	}
	return err
}

// Enable powers the radio up, for Wi-Fi and Bluetooth. Another call returns ErrEnabled
// of package hal/tinygo, which may be ignored, or ErrEnableFailed if the first
// call failed; then the chip must be reset.
func Enable() error {
	err := espradio.Enable(espradio.Config{Logging: espradio.LogLevelError})
	switch {
	case errors.Is(err, espradio.ErrAlreadyEnabled):
		return radio.ErrEnabled
	case errors.Is(err, espradio.ErrEnableFailed):
		return enableError{err}
	}
	return fail(err)
}

// enableError is radio.ErrEnableFailed with espradio's explanation.
type enableError struct{ error }

func (e enableError) Is(target error) bool { return target == radio.ErrEnableFailed }
func (e enableError) Unwrap() error        { return fail(e.error) }

// Enable implements radio.Driver.
func (*Driver) Enable() error { return Enable() }

// StartStation implements radio.Driver.
func (d *Driver) StartStation() error {
	d.net.stop()
	return fail(espradio.Start())
}

// StartAP implements radio.Driver. The device is 192.168.4.1.
func (d *Driver) StartAP(ap radio.AP) error {
	d.net.stop()
	err := espradio.StartAP(espradio.APConfig{
		SSID:     string(ap.SSID),
		Password: string(ap.Key),
		Channel:  ap.Channel,
		AuthOpen: ap.Key == "",
	})
	if err != nil {
		return fail(err)
	}
	return fail(d.net.serve())
}

// Stop implements radio.Driver. It waits up to 15 s for the radio.
func (d *Driver) Stop() error {
	d.net.stop()
	return fail(espradio.Stop())
}

// Scan implements radio.Driver.
func (*Driver) Scan() ([]hal.AccessPoint, error) { return scan() }

// Connect implements radio.Driver.
func (d *Driver) Connect(ssid hal.SSID, passphrase hal.Secret) error {
	d.net.stop()
	return fail(espradio.Connect(espradio.STAConfig{SSID: string(ssid), Password: string(passphrase)}))
}

// Disconnect implements radio.Driver.
func (*Driver) Disconnect() error {
	err := disconnect()
	// The driver's task does it, and then tells espradio, which looks every
	// 5 ms: a Connect that came before would take it for its own end.
	for range 50 {
		if _, linkErr := linkInfo(); linkErr != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	return err
}

// Address implements radio.Driver.
func (d *Driver) Address() (hal.IPConfig, error) {
	hostname := d.Hostname
	if hostname == "" {
		hostname = "esp32"
	}
	cfg, err := d.net.join(hostname)
	return cfg, fail(err)
}

// Link implements radio.Driver.
func (*Driver) Link() (hal.AccessPoint, error) { return linkInfo() }

// Stack returns the network of the station, or that of the open access point;
// nil: there is none. It is another one after each change of the link.
func (d *Driver) Stack() *espradio.Stack { return d.net.current() }
