// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
)

// claimed claims a HAL that is a hal.Claimer. It fails unless the HAL was free and is
// claimed now.
func (b *bench) claimed(when string) (release func(), err error) {
	c, ok := b.WiFi.(hal.Claimer)
	if !ok {
		return func() {}, nil
	}
	switch release, err = c.Claim(); {
	case errors.Is(err, hal.ErrNotSupported):
		return func() {}, nil
	case err != nil:
		return nil, fmt.Errorf("Claim %s: %w", when, err)
	}
	return release, b.inUse(when)
}

// inUse fails unless somebody has the claim.
func (b *bench) inUse(when string) error {
	c, ok := b.WiFi.(hal.Claimer)
	if !ok {
		return nil
	}
	if _, err := c.Claim(); !errors.Is(err, hal.ErrInUse) && !errors.Is(err, hal.ErrNotSupported) {
		return fmt.Errorf("second Claim %s: error is %v, want ErrInUse", when, err)
	}
	return nil
}

// Claim: "gives the Wi-Fi to the caller until it calls release, which may be
// called more than once …; ErrInUse: somebody has it. … After a reboot the Wi-Fi
// is free, and a release from before does nothing."
func checkClaim(r Rig) error {
	b := newBench(r)
	first, err := b.claimed("of a new device")
	if err != nil {
		return err
	}
	first()
	second, err := b.claimed("after release")
	if err != nil {
		return err
	}
	first()
	if err := b.inUse("after a release that was none"); err != nil {
		return err
	}
	if b.Reboot == nil {
		return nil
	}
	if err := b.reboot(); err != nil {
		return err
	}
	if _, err = b.claimed("after reboot"); err != nil {
		return err
	}
	second()
	return b.inUse("after a release from before the reboot")
}
