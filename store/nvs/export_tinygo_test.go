// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package nvs

// SetIndexFrom does nothing: there is no index.
func SetIndexFrom(int) (restore func()) { return func() {} }
