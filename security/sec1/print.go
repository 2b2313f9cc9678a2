// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package sec1

import (
	"fmt"
	"io"
)

// Format hides the proof of possession from every verb of fmt, which programs for TinyGo do without.
func (Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Config{}.String()) }

// Format hides the parameters from every verb of fmt.
func (Security) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Security{}.String()) }

// Format hides the keys from every verb of fmt.
func (Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Client{}.String()) }

// Format hides the keys from every verb of fmt.
func (*session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, (*session)(nil).String()) }
