// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package nvsfmt

func update(sum uint32, b []byte) uint32 { return updateSmall(sum, b) }
