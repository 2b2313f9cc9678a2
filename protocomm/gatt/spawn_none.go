//go:build scheduler.none

package gatt

// spawn runs fn at once where there is nobody else to do it.
func spawn(fn func()) { fn() }
