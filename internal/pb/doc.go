// SPDX-License-Identifier: Apache-2.0

// Package pb holds the protocol's messages (docs/spec/protocomm.md 2,
// docs/spec/endpoints.md 1-4) as plain structs with their encoders and decoders.
//
// The .proto files in folder proto are the source; everything in the *.pb.go
// files is generated from them ("go generate", no protoc needed). The code
// uses neither reflection nor protobuf's Go packages, so that it also runs
// where the protobuf runtime does not: even protowire, for the texts of its
// errors, brings fmt, which is a third of a small firmware.
//
// Every message X has three methods:
//
//	func (m *X) Size() int                      // length of the encoding
//	func (m *X) AppendTo(dst []byte) []byte     // append the encoding to dst
//	func (m *X) Unmarshal(b []byte) error       // replace m by what b holds
//
// A oneof is a field Which…, which holds the number of the member that is
// set (0: none), and one value per member. An encoder looks only at the
// member that Which… names and writes it even when it is zero or empty.
// A decoder leaves the other members zero. An encoder checks nothing: that a
// string is UTF-8 and a list no longer than MaxRepeated is up to the caller.
//
// Decoding follows protobuf: unknown fields and known fields of another wire
// type are skipped, the last of several values wins, a message that comes
// twice in a oneof is merged, a string must be UTF-8. It is stricter in two
// points: a repeated field holds at most [MaxRepeated] entries and unknown
// groups nest at most [MaxGroupDepth] deep; beyond that the answer is
// [ErrTooMany].
//
// Decoded bytes fields are slices of the input, not copies: they are valid
// as long as the input is and change with it. Strings are copies. Unmarshal
// keeps the array of a repeated field and fills it again. Neither encoding
// (given room in dst) nor decoding allocates otherwise.
//
// A message's methods may not be called while another goroutine writes to
// it. After an error from Unmarshal the message is empty.
package pb

//go:generate go run -C generate .
