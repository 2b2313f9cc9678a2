// Quickstart is the whole story in one terminal: a simulated board that serves
// provisioning, and a client that scans, sends a wrong passphrase, sees why it
// failed, resets, sends the right one, and the device ends provisioned.
//
//	go run ./examples/quickstart
//
// Nothing is needed but Go; the two talk HTTP over a loopback address. What a
// board really does the same way is in device.go, what a phone does in phone.go.
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
