// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package schemetest_test

import (
	"testing"

	"github.com/wifiprov/wifiprov/scheme/schemetest"
)

func TestRightSchemePasses(t *testing.T) {
	open := func(*testing.T) schemetest.Rig {
		a := &air{}
		return a.rig(&fake{air: a})
	}
	t.Run("bubble", func(t *testing.T) { schemetest.RunInBubble(t, open) })
	t.Run("real time", func(t *testing.T) { schemetest.Run(t, open) })
}

// What a Rig does not offer is left out.
func TestSmallRig(t *testing.T) {
	schemetest.RunInBubble(t, func(*testing.T) schemetest.Rig {
		a := &air{}
		return schemetest.Rig{Scheme: &fake{air: a}, Name: "x", Ask: a.ask}
	})
}
