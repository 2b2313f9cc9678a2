// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"runtime"
	"strings"
	"time"
)

// task is the goroutine of a device that has a single one.
type task struct {
	pump       func(time.Duration)
	name       string
	stop, done chan struct{}
}

// startTask begins to pump.
func startTask(pump func(time.Duration)) *task {
	t := &task{pump: pump, stop: make(chan struct{}), done: make(chan struct{})}
	ready := make(chan struct{})
	go func() {
		defer close(t.done)
		t.name = goroutine()
		close(ready)
		for {
			select {
			case <-t.stop:
				return
			default:
				pump(time.Hour)
			}
		}
	}()
	<-ready
	return t
}

// end ends the goroutine.
func (t *task) end(wake func()) {
	close(t.stop)
	wake()
	<-t.done
}

// wait waits as a device does: what waits inside of a handler has to pump. Here
// others may wait, too, and leave that to the task.
func (t *task) wait(maxWait time.Duration) {
	if goroutine() == t.name {
		t.pump(maxWait)
	} else {
		time.Sleep(time.Millisecond)
	}
}

// goroutine names the caller's.
func goroutine() string {
	var buf [32]byte
	name, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), " [")
	return name
}
