package att

import "github.com/wifiprov/wifiprov/hal"

// prepared is a connection's queue of prepared writes, put together as they
// come. It belongs to one characteristic at a time (Q-T36), holds at most
// hal.MaxGATTValue bytes (Q-T15), and ends with the connection (Q-T14).
type prepared struct {
	handle int                         // of the attribute; 0: the queue is empty
	value  []byte                      // hal.MaxGATTValue bytes
	end    int                         // highest end offset of a fragment
	filled [hal.MaxGATTValue / 8]uint8 // bits of the bytes that are there
}

func (q *prepared) drop() {
	clear(q.value[:q.end])
	q.handle, q.end, q.filled = 0, 0, [len(q.filled)]uint8{}
}

// add takes a fragment. A queue that an impossible one was for is dropped.
func (q *prepared) add(handle, offset int, part []byte) hal.ATTError {
	switch {
	case q.handle != 0 && q.handle != handle:
		return hal.ATTUnlikely
	case offset > len(q.value):
		q.drop()
		return hal.ATTInvalidOffset
	case offset+len(part) > len(q.value):
		q.drop()
		return hal.ATTInvalidLength
	}
	q.handle = handle
	copy(q.value[offset:], part)
	for i := offset; i < offset+len(part); i++ {
		q.filled[i/8] |= 1 << (i % 8)
	}
	q.end = max(q.end, offset+len(part))
	return hal.ATTSuccess
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
