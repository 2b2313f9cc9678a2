//go:build units

package main

// provisionings are left out.
var provisionings []part
