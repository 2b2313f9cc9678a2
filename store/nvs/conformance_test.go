// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/storetest"
)

func TestConformance(t *testing.T) {
	keys := &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
	for name, o := range map[string]nvs.Options{"plain": {}, "encrypted": {Keys: keys}} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Rig {
				f := flash.NewMemory(64 << 10)
				p, err := nvs.Open(f, o)
				require.NoError(t, err)
				return storetest.Rig{Store: p, PowerCut: func() (store.Store, error) { return nvs.Open(f, o) }}
			})
		})
	}
}
