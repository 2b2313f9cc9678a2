// SPDX-License-Identifier: Apache-2.0

package button

import (
	"sync"
	"time"
)

// Press turns edges into presses. A press counts when the button is released, a long one
// as soon as it is long enough. Times are those of the edges, so a busy machine does not
// make a press longer.
type Press struct {
	// Min is how long a press is at least.
	Min time.Duration
	// Long is how long a long press is; 0: there are none.
	Long time.Duration
	// OnPress and OnLong are told of presses, in goroutines that may wait.
	OnPress, OnLong func()

	mu    sync.Mutex
	down  bool
	since time.Duration
	timer *time.Timer // of a long press
	long  bool        // the press was told as a long one
}

// Edge takes an edge: the button is down or up since at, a time of any clock.
func (p *Press) Edge(down bool, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if down == p.down {
		return
	}
	p.down = down
	if down {
		p.since, p.long = at, false
		if p.Long > 0 {
			p.timer = time.AfterFunc(p.Long, p.held)
		}
		return
	}
	p.stop()
	switch held := at - p.since; {
	case p.long:
	case p.Long > 0 && held >= p.Long:
		go p.OnLong()
	case held >= p.Min:
		go p.OnPress()
	}
}

// held is called when the button was not released for a long time.
func (p *Press) held() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down && p.timer != nil {
		p.timer, p.long = nil, true
		go p.OnLong()
	}
}

// Stop forgets a press under way.
func (p *Press) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
	p.down = false
}

func (p *Press) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
