//go:build espidf

package idf

import "sync"

// jobs are functions that Go was given.
type jobs struct {
	mu    sync.Mutex // guards what follows
	queue []func()
}

func (j *jobs) put(fn func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue = append(j.queue, fn)
}

// take returns the oldest, or nil.
func (j *jobs) take() (fn func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.queue) > 0 {
		fn = j.queue[0]
		j.queue[copy(j.queue, j.queue[1:])] = nil
		j.queue = j.queue[:len(j.queue)-1]
	}
	return fn
}

// Go has Pump run fn among the requests of clients, of which one is handled at
// a time. It is what ble.Config.Go wants. It may be called from every task.
func (d *Device) Go(fn func()) {
	d.jobs.put(fn)
	nativeWake()
}
