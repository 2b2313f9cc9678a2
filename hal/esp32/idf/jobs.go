// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import "sync"

// jobs are the functions given to Go.
type jobs struct {
	mu    sync.Mutex // guards what follows
	queue []func()
}

func (j *jobs) put(fn func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue = append(j.queue, fn)
}

// take returns the oldest function, or nil.
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

// Go queues fn; Pump runs it like a client's request, one at a time. It fits
// ble.Config.Go. Any task may call it.
func (d *Device) Go(fn func()) {
	d.jobs.put(fn)
	nativeWake()
}
