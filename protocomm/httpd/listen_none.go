// SPDX-License-Identifier: Apache-2.0

//go:build scheduler.none

package httpd

import "github.com/wifiprov/wifiprov/protocomm"

// openListener refuses: a listener needs goroutines.
func openListener(*core, *Config) (front, error) {
	return nil, protocomm.Fail("httpd: start", protocomm.ErrNotSupported, "there is no scheduler; set Config.Platform", nil)
}
