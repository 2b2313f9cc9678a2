// SPDX-License-Identifier: Apache-2.0

//go:build scheduler.none

package gatt

import "github.com/wifiprov/wifiprov/hal"

// spawn is nil: Config.Go has to run functions. Running them at once will not do, since
// Stop reports events, and Report may call Stop.
var spawn func(fn func())

// clock is nil: nothing could call the functions of its timers.
var clock hal.Clock
