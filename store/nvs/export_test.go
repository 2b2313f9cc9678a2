// SPDX-License-Identifier: Apache-2.0

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// HashOf is the hash of a name.
func HashOf(namespace byte, name string) uint32 {
	return hashOf(namespace, nvsfmt.AnyName(name), nvsfmt.NoChunk)
}
