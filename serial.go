// SPDX-License-Identifier: Apache-2.0

package wifiprov

import "sync"

// serial runs jobs one at a time and in order. It has no goroutine: a caller that
// finds it idle runs its own job and then all jobs that came meanwhile. So the
// manager needs no lock around calls of the driver.
type serial struct {
	mu    sync.Mutex
	busy  bool
	queue []job
}

type job struct {
	run  func()
	done chan struct{} // closed after run; nil: nobody waits
}

// do runs fn and returns after it. It must not be called from a job, that is from
// inside a call of the driver or the scheme; the contracts of these exclude it.
func (s *serial) do(fn func()) {
	s.mu.Lock()
	if s.busy {
		j := job{fn, make(chan struct{})}
		s.queue = append(s.queue, j)
		s.mu.Unlock()
		<-j.done
		return
	}
	s.busy = true
	s.mu.Unlock()
	defer s.drain() // even if fn panics, or all other callers would wait for ever
	fn()
}

// post runs fn now if serial is idle, or else leaves it to the caller that runs
// jobs. It may be called from a job.
func (s *serial) post(fn func()) {
	s.mu.Lock()
	if s.busy {
		s.queue = append(s.queue, job{run: fn})
		s.mu.Unlock()
		return
	}
	s.busy = true
	s.mu.Unlock()
	defer s.drain()
	fn()
}

// drain runs what is queued and leaves serial idle, even if a job panics.
func (s *serial) drain() {
	idle := false
	defer func() {
		if !idle {
			s.drain()
		}
	}()
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.queue = nil
			s.busy = false
			idle = true
			s.mu.Unlock()
			return
		}
		j := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		j.call()
	}
}

func (j job) call() {
	if j.done != nil {
		defer close(j.done)
	}
	j.run()
}
