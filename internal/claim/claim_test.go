// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

func TestClaim(t *testing.T) {
	var c Claim
	take := func() func() {
		t.Helper()
		release, err := c.Take()
		require.NoError(t, err)
		return release
	}
	inUse := func() {
		t.Helper()
		_, err := c.Take()
		require.ErrorIs(t, err, hal.ErrInUse)
	}
	first := take()
	inUse()
	first()
	second := take()
	first() // the second one's is not touched
	inUse()
	second()
	third := take()
	c.Drop()
	fourth := take()
	third()
	inUse()
	fourth()
	c.Drop()
	fourth()
	take()
	inUse()
}
