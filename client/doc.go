// SPDX-License-Identifier: Apache-2.0

// Package client is the phone's side of Wi-Fi provisioning. It finds out what a
// device can do, opens a session, lets the device scan, sends it the credentials of
// a network and watches it connect.
//
// A [Transport] carries the requests: [HTTP] to a device that opens an access point
// (SoftAP), [BLE] to a device with Bluetooth, [Console] to a device on a serial
// line, and [Relay] through a person who types at that line. A [Client] speaks the
// protocol over a transport:
//
//	t, err := client.NewHTTP(client.HTTPConfig{}) // 192.168.4.1:80
//	…
//	c, err := client.New(t, client.Config{PoP: "abcd1234"})
//	defer c.Close()
//	conn, err := c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
//
// A device of security 2 wants Username and Password in place of the PoP.
//
// For most uses, use [Client.Provision]: it does everything in order. The single
// steps are [Client.Version], [Client.Connect], [Client.Custom], [Client.Scan],
// [Client.Configure], [Client.Apply], [Client.Status], [Client.Details] and
// [Client.WaitConnected], and to try again [Client.Reset] and [Client.Reprovision].
//
// # Sessions
//
// Everything after Connect is encrypted as one stream. A request without an answer,
// or an answer that makes no sense, therefore puts both sides out of step, and the
// session is lost: the error matches [ErrSessionLost], and so do the errors of later
// calls that need a session, until Connect is called again. A device that answers
// "no" ([StatusError]) keeps the session. No request is ever sent twice. Only
// [Client.WaitConnected], which changes nothing on the device, connects again by
// itself, and Connect tries a refused proof twice.
//
// # Impostors
//
// Before the session is open, an impostor can answer in the device's place. A client
// that has a PoP, or a user name and a password, opens no session that proves none
// of them, unless Config.Security names the mode ([ErrDowngrade]).
//
// # Errors
//
// Operations fail with an [*Error], which names the operation and the endpoint and,
// where possible, says what to do. errors.Is finds the sentinel errors of this
// package in it, errors.As a [*StatusError]. [ErrRefused] means that the device took
// the request and said no, [ErrNoAnswer] that the link broke, and [ErrUnreachable]
// that there was no link. No error and no progress report contains a passphrase, a
// password or a proof of possession. A device's own text is escaped in them.
package client
