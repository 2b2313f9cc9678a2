// SPDX-License-Identifier: Apache-2.0

package main

// units test single packages.
var units = []part{
	{"security 1", testSecurity1},
	{"security 2", testSecurity2},
	{"state machine", testStates},
	{"nvs", testNVS},
	{"attribute server", testAttributes},
}
