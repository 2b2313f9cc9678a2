//go:build scheduler.none

package gatt

// spawn is nil: Config.Go has to say who runs what. At once will not do, since an
// event is told of inside of Stop, and whoever is told may call Stop.
var spawn func(fn func())
