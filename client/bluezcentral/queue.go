// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"context"
	"sync"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// maxQueue is how many signals wait for a caller that takes its time.
const maxQueue = 4096

// queue holds signals in the order of their arrival.
type queue struct {
	wake chan struct{}

	mu   sync.Mutex // guards list
	list []bluezbus.Message
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put adds a signal. A full queue drops changes of properties, such as what the radio
// hears, because they come again soon.
func (q *queue) put(m bluezbus.Message) {
	if m.Call {
		return // a scan offers no methods
	}
	q.mu.Lock()
	if len(q.list) < maxQueue || m.Member != "PropertiesChanged" {
		q.list = append(q.list, m)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// drop empties the queue.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = nil
}

// get waits for a signal, until ctx or the connection ends.
func (q *queue) get(ctx context.Context, closed <-chan struct{}) (bluezbus.Message, error) {
	for {
		q.mu.Lock()
		if len(q.list) > 0 {
			m := q.list[0]
			q.list = q.list[1:]
			q.mu.Unlock()
			return m, nil
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-ctx.Done():
			return bluezbus.Message{}, ctx.Err()
		case <-closed:
			return bluezbus.Message{}, bluezbus.ErrGone
		}
	}
}
