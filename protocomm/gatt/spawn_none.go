//go:build scheduler.none

package gatt

import "github.com/wifiprov/wifiprov/hal"

// spawn is nil: Config.Go has to say who runs what. At once will not do, since an
// event is told of inside of Stop, and whoever is told may call Stop.
var spawn func(fn func())

// clock is nil: nothing could call what it is given.
var clock hal.Clock
