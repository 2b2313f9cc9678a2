// SPDX-License-Identifier: Apache-2.0

package schemetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wifiprov/wifiprov/protocomm"
)

func checkStopBeforeStart(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	return first(b.stop, b.start, b.serving, b.end)
}

func checkStopTwice(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	return first(b.stop, b.stop, b.end)
}

func checkStopEnds(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	return first(
		b.serving,
		b.stop,
		func() error { return b.unanswered("proto-ver", "x") },
		func() error { return b.unanswered("custom-data", "x") },
		b.end,
	)
}

// A stopped transport has nothing to say about endpoints any more.
func checkStopLeavesInstance(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	echo := func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }
	return first(
		b.stop,
		func() error { return b.pc.AddEndpoint("later", echo) },
		func() error { return b.pc.RemoveEndpoint("custom-data") },
		func() error { return b.pc.RemoveEndpoint("later") },
		func() error { return b.pc.AddEndpoint("custom-data", echo) },
		b.start,
		b.serving,
		b.end,
	)
}

// blocker is an endpoint whose handler can be held.
type blocker struct {
	entered chan struct{}
	release chan struct{}
	began   atomic.Int32
	stopped atomic.Bool
	late    atomic.Bool // a handler began after Stop returned
}

func (b *bench) addBlocker() (*blocker, error) {
	k := &blocker{entered: make(chan struct{}, 100), release: make(chan struct{})}
	return k, b.pc.AddEndpoint("later", func(protocomm.SessionID, []byte) ([]byte, error) {
		if k.stopped.Load() {
			k.late.Store(true)
		}
		k.began.Add(1)
		k.entered <- struct{}{}
		<-k.release
		return []byte("done"), nil
	})
}

// hold sends a request and waits until it is in the handler.
func (b *bench) hold(k *blocker) (<-chan answer, error) {
	pending := b.ask("later", "x")
	select {
	case <-k.entered:
		return pending, nil
	case a := <-pending:
		return nil, fmt.Errorf("request ended before its handler began: %q, %w", a.body, a.err)
	case <-b.after():
		return nil, fmt.Errorf("no handler began within %v", b.Timeout)
	}
}

// over requires that a request has an outcome.
func (b *bench) over(pending <-chan answer) (answer, error) {
	select {
	case a := <-pending:
		return a, nil
	case <-b.after():
		return answer{}, fmt.Errorf("a request has no outcome within %v", b.Timeout)
	}
}

func checkStopDoesNotWait(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	k, err := b.addBlocker()
	if err != nil {
		return err
	}
	pending, err := b.hold(k)
	if err != nil {
		return err
	}
	if err := b.stop(); err != nil {
		close(k.release)
		return err
	}
	close(k.release)
	a, err := b.over(pending)
	if err != nil {
		return err
	}
	if a.err == nil && string(a.body) != "done" {
		return fmt.Errorf("the last answer is %q", a.body)
	}
	return b.end()
}

func checkStopInside(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	returned := make(chan error, 1)
	err = b.pc.AddEndpoint("later", func(protocomm.SessionID, []byte) ([]byte, error) {
		returned <- b.svc.Stop()
		return []byte("bye"), nil
	})
	if err != nil {
		return err
	}
	pending := b.ask("later", "x")
	select {
	case err := <-returned:
		if err != nil {
			return fmt.Errorf("Stop inside a handler: %w", err)
		}
	case <-b.after():
		return errors.New("Stop inside a handler does not return")
	}
	a, err := b.over(pending)
	if err != nil {
		return err
	}
	if a.err == nil && string(a.body) != "bye" {
		return fmt.Errorf("the last answer is %q", a.body)
	}
	return b.end()
}

func checkNoHandlerAfterStop(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	k, err := b.addBlocker()
	if err != nil {
		return err
	}
	held, err := b.hold(k)
	if err != nil {
		return err
	}
	if err := b.stop(); err != nil {
		close(k.release)
		return err
	}
	k.stopped.Store(true)
	var after []<-chan answer
	for range 3 {
		after = append(after, b.ask("later", "x"))
	}
	time.Sleep(10 * time.Millisecond)
	close(k.release)
	for _, pending := range append(after, held) {
		if _, err := b.over(pending); err != nil {
			return err
		}
	}
	if k.late.Load() {
		return fmt.Errorf("a handler began after Stop returned")
	}
	return b.end()
}

func checkStartStopStart(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for i := range 4 {
		if i%2 == 1 { // with the same instance and with another
			b.pc.Close()
			if err := b.newInstance(); err != nil {
				return err
			}
		}
		if err := first(b.start, b.serving, b.stop, b.Left); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	return b.end()
}

func checkCloseUnstarted(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	return b.close()
}

func checkStartAfterClose(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	if err := b.end(); err != nil {
		return err
	}
	if err := b.newInstance(); err != nil {
		return err
	}
	if err := refused("Start after Close", b.start(), nil); err != nil {
		return err
	}
	return b.Left()
}
