// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package httpd

import "github.com/wifiprov/wifiprov/protocomm"

// Mux is not available on a chip, where net/http would cost more flash than all
// the rest. It has to be nil.
type Mux interface{ notOnTinyGo() }

func newMuxFront(*core, Mux) (front, error) {
	return nil, protocomm.Fail("httpd: start", protocomm.ErrNotSupported, "TinyGo builds have no Mux", nil)
}
