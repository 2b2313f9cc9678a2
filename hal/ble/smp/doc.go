// SPDX-License-Identifier: Apache-2.0

// Package smp is pairing for package att: the peripheral's security manager
// (Bluetooth Core, Vol 3 Part H), which makes ble.Config's Encrypt, Bonding
// and SecureConnections work. A firmware that wants them sets att.Config.Pairing
// to a [Manager]; others do not link it.
//
// A client pairs when it is refused a value because the link is not encrypted. The
// device never asks for pairing, as with NimBLE. The association model is Just Works,
// since the device has neither input nor output. Just Works protects against people
// who listen, not against a man in the middle; provisioning relies on its own
// security instead. The package has legacy pairing and LE Secure Connections, with
// keys of 128 bits only. The device distributes a long-term key (legacy), and an
// identity key with its address, and takes the client's.
//
// # Bonds
//
// With ble.Config.Bonding the keys of clients that bond are kept in
// Config.Bonds: in memory ([Memory]), in a key-value store (package bondstore), or
// elsewhere. A bonded client encrypts its next link without pairing, also under a
// private address. A client that lost its keys pairs again, and the new bond replaces
// the old one. A device that lost its keys refuses with "PIN or key missing"; most
// phones then require that the user forgets the device first.
//
// Anybody can pair, and claim to be another client. So a bond of legacy pairing never
// replaces one of Secure Connections, and a stranger's bond replaces bonds that were
// never used before those of clients that have come back; [Place] has the rules. They
// have limits. Strangers can come back too. When all bonds were used, a new client
// replaces the one that was away the longest. And a client without private addresses
// loses its bond to anybody who claims its address and pairs by the same method. The
// client has to pair again then, and most phones want to forget the device first.
//
// # Time and memory
//
// Everything runs in the receiver of the Host, with no lock held; meanwhile the
// device takes no packet. Secure Connections takes two multiplications on the
// curve P-256, one when the client's public key comes and one when its check value
// comes. That is 69 µs in all on a server's core, and 25 million instructions of a
// 32-bit RISC-V with TinyGo, some tenths of a second on a small chip. Legacy pairing
// takes a few AES blocks, 2 µs, but anybody who listens learns the keys.
//
// Each connection has one pairing at a time, of fixed size. Bonds and the list of
// clients that failed are bounded.
//
// # Misbehaving peers
//
// A PDU that is malformed, out of order or unknown ends the pairing with Pairing
// Failed and its reason. Public keys that are not on the curve (CVE-2018-5383), or
// are the device's own, are refused. Private keys are new for each pairing, and
// values are compared in constant time. A pairing that stands still for 30 seconds
// ends the link. From its fourth failure on a client has to wait, twice as long each
// time; disconnecting during a pairing is a failure.
//
// Secrets are never printed, and wiped with their pairing, as far as crypto/aes and
// crypto/ecdh allow.
package smp
