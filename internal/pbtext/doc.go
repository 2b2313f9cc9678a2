// SPDX-License-Identifier: Apache-2.0

// Package pbtext makes the protocol's messages readable: what a client and a device
// sent each other, in plain text, as names and values. It reads the wire format by
// the .proto files of internal/pb/proto, so that it shows what was sent, also what no
// version of the protocol knows.
package pbtext
