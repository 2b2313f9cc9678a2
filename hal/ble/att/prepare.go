// SPDX-License-Identifier: Apache-2.0

package att

import "github.com/wifiprov/wifiprov/hal/ble"

// prepared is a connection's queue of prepared writes. It belongs to one
// characteristic at a time (Q-T36), holds at most ble.MaxValue bytes (Q-T15), and
// ends with the connection (Q-T14).
type prepared struct {
	handle int                     // of the attribute; 0: the queue is empty
	value  []byte                  // ble.MaxValue bytes
	end    int                     // highest end offset of a fragment
	filled [ble.MaxValue / 8]uint8 // a bit for each byte that is there
}

func (q *prepared) drop() {
	clear(q.value[:q.end])
	q.handle, q.end, q.filled = 0, 0, [len(q.filled)]uint8{}
}

// add takes a fragment; one that does not fit into a value empties the queue.
func (q *prepared) add(handle, offset int, part []byte) ble.ATTError {
	switch {
	case q.handle != 0 && q.handle != handle:
		return ble.ATTUnlikely
	case offset > len(q.value):
		q.drop()
		return ble.ATTInvalidOffset
	case offset+len(part) > len(q.value):
		q.drop()
		return ble.ATTInvalidLength
	}
	q.handle = handle
	copy(q.value[offset:], part)
	for i := offset; i < offset+len(part); i++ {
		q.filled[i/8] |= 1 << (i % 8)
	}
	q.end = max(q.end, offset+len(part))
	return ble.ATTSuccess
}

// whole reports whether the fragments leave no gap. They may overlap.
func (q *prepared) whole() bool {
	for i := range q.end {
		if q.filled[i/8]>>(i%8)&1 == 0 {
			return false
		}
	}
	return true
}
