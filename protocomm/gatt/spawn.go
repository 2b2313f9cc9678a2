//go:build !scheduler.none

package gatt

// spawn runs fn in a goroutine.
func spawn(fn func()) { go fn() }
