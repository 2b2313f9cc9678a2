// SPDX-License-Identifier: Apache-2.0

// Package chip is the hardware of a Raspberry Pi Pico W or Pico 2 W for package
// hal/pico/cyw43, on github.com/soypat/cyw43439 and the IP stack
// github.com/soypat/lneto, of a firmware that TinyGo builds.
//
// It is a module of its own, because these modules are for TinyGo; run go mod tidy in
// the module of your firmware, which gets them and what they need. Build with
//
//	tinygo build -target=pico-w -tags=cy43nopio -scheduler=tasks -stack-size=8kb
//
// The tag lets the driver take a bus that this package makes; without it the package
// does not compile. The scheduler keeps the other core off the flash while that is
// written; with two cores the board hangs (tinygo#5288). Goroutines need stacks of 8 KB.
//
// The board has one chip, so call Open once. The LED hangs on the Wi-Fi chip and
// cannot be used.
//
// TinyGo gives these chips no crypto/rand: it has only bits of the ring oscillator, which
// nobody calls fit for cryptography as they are. Open hashes many of them together. How
// much they are worth has not been measured.
package chip
