// Package claim is hal.Claimer for drivers.
package claim

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// Claim is what one user at a time can have. The zero value is free; all methods
// may be called from any goroutine.
type Claim struct {
	mu   sync.Mutex
	held bool
	turn uint64 // changes with every holder
}

// Take takes the claim until release is called, or Drop; hal.ErrInUse: somebody
// has it.
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

// Drop frees the claim in the place of its holder.
func (c *Claim) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
}
