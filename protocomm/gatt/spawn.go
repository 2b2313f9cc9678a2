//go:build !scheduler.none

package gatt

// spawn runs fn in a goroutine.
var spawn = func(fn func()) { go fn() }
