// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "wifiprovd: it is a daemon for Linux boxes")
	os.Exit(2)
}
