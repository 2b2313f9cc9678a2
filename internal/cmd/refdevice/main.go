// SPDX-License-Identifier: Apache-2.0

// Refdevice is a simulated device for conformance runs: it serves provisioning
// over SoftAP and HTTP on 127.0.0.1, with a simulated air, is driven by its
// options alone and prints one line per event. It ends with status 0 after
// PROV_DEINIT.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	opt, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		var d *device
		if d, err = newDevice(opt, os.Stdout); err == nil {
			err = d.run()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "refdevice:", err)
		os.Exit(1)
	}
}
