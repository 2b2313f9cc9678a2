// SPDX-License-Identifier: Apache-2.0

// Package proto holds the source of the protocol's messages, for what reads it when
// it runs.
package proto

import "embed"

// Files are the .proto files.
//
//go:embed *.proto
var Files embed.FS
