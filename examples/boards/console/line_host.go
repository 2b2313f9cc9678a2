// SPDX-License-Identifier: Apache-2.0

//go:build !baremetal

package main

import (
	"crypto/rand"
	"io"
	"os"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
)

// line is stdin and stdout.
type line struct{}

func (line) Read(p []byte) (int, error)  { return os.Stdin.Read(p) }
func (line) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

func newClock() hal.Clock  { return hal.SystemClock{} }
func newRandom() io.Reader { return rand.Reader }

func wait(_ hal.Clock, m *wifiprov.Manager) { m.Wait() }
