// SPDX-License-Identifier: Apache-2.0

//go:build units

package main

// provisionings are left out with the tag units.
var provisionings []part
