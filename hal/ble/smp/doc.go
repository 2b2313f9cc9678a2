// Package smp is pairing for package att: the peripheral's security manager
// (Bluetooth Core, Vol 3 Part H), which makes ble.Config's Encrypt, Bonding
// and SecureConnections work. A firmware that wants them sets att.Config.Pairing
// to a [Manager]; others do not link it.
//
// A client pairs when it is refused a value for want of encryption; the device
// never asks for it, as with NimBLE (transports.md 2.4). The association model is
// Just Works, since the device has neither input nor output: it keeps out who
// listens, not who stands in the middle from the beginning. Provisioning does not
// rely on it; its own security does that. Both legacy pairing and LE Secure
// Connections are there, with keys of 128 bits only. The device distributes a
// long-term key (legacy), and an identity key with its address, and takes the
// client's.
//
// # Bonds
//
// With ble.Config.Bonding the keys of clients that bond are kept in
// Config.Bonds: in memory ([Memory]), in a key-value store (package bondstore), or
// elsewhere. A bonded client encrypts the next link without pairing, also under a
// private address. A client that lost its keys pairs anew, and the new bond takes
// the place of the old one. A device that lost its keys says so ("PIN or key
// missing"); most phones then make the user forget the device first (Q-T22).
//
// Anybody can pair, and say that he is another client. So a bond of legacy pairing
// takes the place of none of Secure Connections, and strangers' bonds push out each
// other's before those of clients that have come back; [Place] is the rule. What it
// cannot do: clients that have come back push out each other, and strangers can come
// back too; when all bonds were used, the next client costs the one its bond that
// was away the longest time; and a client without private addresses loses its bond to
// whoever pairs as well as it did and claims its address. It has to pair again then,
// for which most phones want to forget the device first.
//
// # Time and memory
//
// Everything runs in the receiver of the Host, with no lock held; meanwhile the
// device takes no packet. Secure Connections takes two multiplications on the
// curve P-256, one when the client's public key comes and one when its check value
// comes: 69 µs in all on a server's core, and 25 million instructions of a 32-bit
// RISC-V with TinyGo, so some tenths of a second of a small chip's time. Legacy
// pairing takes a few AES blocks, 2 µs, but whoever hears it knows the keys.
//
// A connection has one run of a pairing, of fixed size; bonds and the memory of
// clients that failed are bounded.
//
// # Misbehaving peers
//
// What is malformed, out of order or unknown ends the pairing with Pairing Failed
// and its reason. Public keys off the curve (CVE-2018-5383) and our own one
// reflected are refused, private keys are new for each pairing, values are
// compared in constant time. A pairing that stands still for 30 seconds ends the
// link. From its fourth failure on, and to go in between is one, a client has to wait,
// twice as long each time.
// Secrets are wiped with the run they belong to, as far as crypto/aes and
// crypto/ecdh let go of them, and never printed.
package smp
