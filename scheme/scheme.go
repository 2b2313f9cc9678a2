// SPDX-License-Identifier: Apache-2.0

// Package scheme is the contract between the provisioning manager and a way of carrying
// its service: SoftAP with HTTP, BLE or a console. A scheme brings a transport, the Wi-Fi
// mode that goes with it, and the meaning of the service's name and key.
package scheme

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Scheme makes the service of one Manager. It holds settings only, and may be
// used again after the service was closed.
type Scheme interface {
	// NewService returns a service with default settings. The manager calls
	// it in Init.
	NewService() (Service, error)

	// WiFiMode is the radio's mode while credentials are tried: ModeAPSTA
	// for SoftAP, ModeSTA otherwise.
	WiFiMode() hal.Mode
}

// Service is a scheme's transport from Init to Deinit. The manager calls it
// from one goroutine at a time. No method may call the Manager.
type Service interface {
	// SetEndpoint reserves a name with its 16-bit id, before Start. Only
	// BLE uses the id; a scheme that cannot carry the name refuses it.
	SetEndpoint(name string, id uint16) error

	// SetService sets the name under which the service appears and the key
	// that protects it, before Start: SoftAP's SSID and passphrase, BLE's
	// device name (the key is ignored). An empty key means an open network.
	// A name or key that the scheme cannot use is refused with
	// protocomm.ErrInvalidArg.
	SetService(name, key string) error

	// Start brings the transport up and serves the instance's endpoints,
	// those added later included. After an error nothing is left running.
	Start(*protocomm.Protocomm) error

	// Stop takes the transport down. An answer that is being prepared is still
	// sent if the transport can do that. Stop does not wait for handlers, since
	// one may have caused the call. No handler begins after Stop returned.
	// Stopping a stopped service succeeds.
	Stop() error

	// Close frees what NewService made. Start may not follow.
	Close()
}
