// SPDX-License-Identifier: Apache-2.0

package protocomm

import (
	"runtime"

	"github.com/wifiprov/wifiprov/hal"
)

// rescue and rescueCallback end a panic of the application's, and log it. They
// must be deferred. The function that defers one returns zero values then; its
// results have no names, or TinyGo would keep them in the heap.

// rescue is for what an endpoint's request calls.
func (p *Protocomm) rescue(name string) {
	if value := recover(); value != nil {
		p.logPanic("an endpoint's handler panicked", "endpoint", name, value)
	}
}

// rescueCallback is for the callbacks of Config.
func (p *Protocomm) rescueCallback(name string) {
	if value := recover(); value != nil {
		p.logPanic("a callback panicked", "callback", name, value)
	}
}

func (p *Protocomm) logPanic(msg, key, name string, value any) {
	if p.cfg.Logger == nil {
		return
	}
	stack := make([]byte, 4096)
	stack = stack[:runtime.Stack(stack, false)]
	p.cfg.Logger.Log(hal.LevelError, msg, hal.Attr{Key: key, Value: name},
		hal.Attr{Key: "panic", Value: panicText(value)}, hal.Attr{Key: "stack", Value: string(stack)})
}

// panicText is what a panic says, without formatting, which would cost a chip
// more than all of this. So would asking for a String method: TinyGo would keep
// all that there are.
func panicText(value any) string {
	defer func() { _ = recover() }() // the methods are the application's
	switch v := value.(type) {
	case string:
		return v
	case error:
		return v.Error()
	}
	return "neither a text nor an error"
}
