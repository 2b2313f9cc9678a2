//go:build !race

package sec2

const slow = 1
