// SPDX-License-Identifier: Apache-2.0

// Package events delivers the events of a Wi-Fi driver to its subscribers as hal.Radio
// promises: each gets the events that happen after it subscribed and before it is
// cancelled, in order, one call at a time, with no lock held.
package events

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// Subscribers is a list of subscribers. The zero value is usable. Methods may be called
// from any goroutine and from subscribers, but calls of Tell must not overlap.
type Subscribers struct {
	mu   sync.Mutex
	list []*subscriber // replaced, never changed in place
}

type subscriber struct {
	fn        func(hal.Event)
	from      uint32 // number of the first event it may see
	cancelled bool   // guarded by Subscribers.mu
}

// Add registers fn for events of that number and later ones. A nil fn is never
// called.
func (s *Subscribers) Add(fn func(hal.Event), from uint32) (cancel func()) {
	if fn == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &subscriber{fn: fn, from: from}
	s.list = append(s.list[:len(s.list):len(s.list)], one)
	return func() { s.cancel(one) }
}

func (s *Subscribers) cancel(one *subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.cancelled = true
	left := make([]*subscriber, 0, len(s.list))
	for _, other := range s.list {
		if other != one {
			left = append(left, other)
		}
	}
	s.list = left
}

// Clear cancels all subscriptions.
func (s *Subscribers) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.list {
		one.cancelled = true
	}
	s.list = nil
}

// None reports whether there are no subscribers.
func (s *Subscribers) None() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list) == 0
}

// Tell calls the subscribers that were added for this number or earlier ones. Numbers may
// wrap around.
func (s *Subscribers) Tell(e hal.Event, number uint32) {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	for _, one := range list {
		s.mu.Lock()
		skip := one.cancelled || int32(number-one.from) < 0
		s.mu.Unlock()
		if !skip {
			one.fn(e)
		}
	}
}
