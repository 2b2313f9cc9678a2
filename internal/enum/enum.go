// SPDX-License-Identifier: Apache-2.0

// Package enum reads enumerations back from their text.
package enum

import "errors"

// Parse sets v to the value whose String is text.
func Parse[E interface {
	~uint8
	String() string
}](v *E, text []byte) error {
	for n := range 256 {
		if E(n).String() == string(text) {
			*v = E(n)
			return nil
		}
	}
	return errors.New("unknown name \"" + string(text) + "\"")
}
