// Package client is the phone's side of Wi-Fi provisioning: it finds out what
// a device can do, opens a session, lets the device scan, hands it the
// credentials of a network and watches it connect (spec/client.md).
//
// A [Transport] carries requests: [HTTP] to devices that open an access point
// (SoftAP), [Console] to those on a serial line, [Relay] through a person who
// types at that line. A [Client] speaks the protocol on top of it:
//
//	t, err := client.NewHTTP(client.HTTPConfig{}) // 192.168.4.1:80
//	…
//	c, err := client.New(t, client.Config{PoP: "abcd1234"})
//	defer c.Close()
//	conn, err := c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
//
// A device of security 2 wants Username and Password in place of the PoP.
//
// [Client.Provision] does everything in the order of spec/client.md 1. The steps
// are there one by one, too: [Client.Version], [Client.Connect],
// [Client.Custom], [Client.Scan], [Client.Configure], [Client.Apply],
// [Client.Status], [Client.Details], [Client.WaitConnected], and [Client.Reset] and
// [Client.Reprovision] to try again.
//
// # Sessions
//
// Everything after Connect is encrypted as one stream, so a request without an
// answer, or an answer that makes no sense, puts both sides out of step: the
// session is lost, the error matches [ErrSessionLost], and every call that
// needs a session says so until Connect is called again. A device that
// answers "no" ([StatusError]) keeps its session. No request is ever sent twice;
// only [Client.WaitConnected], which asks and changes nothing, connects again by
// itself, and Connect tries a refused proof twice.
//
// # Impostors
//
// What a device says before the session is open anybody may say in its place. A
// client with a PoP, or with a user name and a password, takes no session without
// one of them unless Config.Security names the mode ([ErrDowngrade]).
//
// # Errors
//
// Operations fail with an [*Error], which names the operation and the endpoint
// and, where it is known, what to do. errors.Is finds the sentinels of this
// package in it, errors.As a [*StatusError]. [ErrRefused] is a device that took the
// request and said no; [ErrNoAnswer] a link that broke; [ErrUnreachable] a device
// to which there was none. No error and no progress report contains a passphrase,
// a password or a proof of possession, nor what a device sent unescaped.
package client
