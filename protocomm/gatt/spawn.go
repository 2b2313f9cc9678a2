// SPDX-License-Identifier: Apache-2.0

//go:build !scheduler.none

package gatt

import "github.com/wifiprov/wifiprov/hal"

// spawn runs fn in a goroutine.
var spawn = func(fn func()) { go fn() }

// clock is the runtime's.
var clock hal.Clock = hal.SystemClock{}
