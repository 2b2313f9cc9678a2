// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package nvsfmt

import "hash/crc32"

func update(sum uint32, b []byte) uint32 { return crc32.Update(sum, crc32.IEEETable, b) }
