// SPDX-License-Identifier: Apache-2.0

// Quickstart shows a whole provisioning in one terminal. A simulated board serves
// it. A client scans, sends a wrong passphrase, sees why it failed, resets the
// device and sends the right one.
//
//	go run ./examples/quickstart
//
// Nothing is needed but Go; the two talk HTTP over a loopback address. device.go
// has what the program of a real board does, phone.go what an app does.
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	device, err := startDevice()
	if err != nil {
		return err
	}
	if err := phone(ctx, device.address); err != nil {
		return err
	}
	return device.wait()
}
