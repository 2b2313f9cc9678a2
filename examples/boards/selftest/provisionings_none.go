//go:build units

package main

// provisionings are left out with the tag units.
var provisionings []part
