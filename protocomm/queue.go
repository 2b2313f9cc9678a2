// SPDX-License-Identifier: Apache-2.0

package protocomm

// queue is the order of requests that must not overlap. The Protocomm's mu guards it.
type queue struct {
	head, tail uint32 // number of the request that has its turn, and of the next to come
}

// wait waits for the caller's turn in q, and reports whether it came; it does not
// once *ended is true. After true pass must follow. mu is held, but not while
// waiting.
func (p *Protocomm) wait(q *queue, ended *bool) bool {
	number := q.tail
	q.tail++
	for q.head != number && !*ended {
		p.turn.Wait()
	}
	return !*ended
}

// pass ends a turn in q. mu is held.
func (p *Protocomm) pass(q *queue) {
	q.head++
	if q.head != q.tail {
		p.turn.Broadcast()
	}
}
