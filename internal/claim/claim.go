// SPDX-License-Identifier: Apache-2.0

// Package claim is hal.Claimer for drivers.
package claim

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// Claim has at most one holder at a time. The zero value is free. Methods may be called
// from any goroutine.
type Claim struct {
	mu   sync.Mutex
	held bool
	turn uint64 // changes with every holder
}

// Take takes the claim until release or Drop is called. It fails with hal.ErrInUse if the
// claim is taken.
func (c *Claim) Take() (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return nil, hal.ErrInUse
	}
	c.held = true
	c.turn++
	mine := c.turn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.turn == mine {
			c.held = false
		}
	}, nil
}

// Drop frees the claim without its holder's release.
func (c *Claim) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
}
