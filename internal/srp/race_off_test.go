//go:build !race

package srp

const slow = 1
