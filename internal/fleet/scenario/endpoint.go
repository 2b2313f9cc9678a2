// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Endpoint is one of the application's, with the answers that it gives.
type Endpoint struct {
	Name string
	// Answers to the first request, the second and so on, counted from the device's
	// first boot on and over all clients. The last one is for all further requests.
	Answers []Answer
}

// Answer is what an endpoint answers: one of Text, Hex, Echo and Error. The zero value
// is an empty answer.
type Answer struct {
	Text  string
	Hex   []byte
	Echo  bool   // what the client sent
	Error string // the client gets no answer, and this is in the device's log
	// Delay before the answer, in the time of the air.
	Delay time.Duration
}

// checkEndpoint returns what is wrong with an endpoint. The scheme checks its name.
func (f *File) checkEndpoint(g *Group, e *Endpoint) error {
	if e.Name == "" {
		return f.fail("the endpoint has no name; add name: custom-data, for example", nil, e)
	}
	for i := range g.Endpoints {
		if other := &g.Endpoints[i]; other != e && other.Name == e.Name {
			return f.fail("two endpoints are called %q; give each a name of its own", []any{e.Name}, &e.Name)
		}
	}
	if len(e.Answers) == 0 {
		return f.fail("the endpoint %q has no answers; add answers: [{text: ok}]", []any{e.Name}, e)
	}
	for i := range e.Answers {
		a := &e.Answers[i]
		n := 0
		for _, given := range []bool{f.given(&a.Text), f.given(&a.Hex), a.Echo, f.given(&a.Error)} {
			if given {
				n++
			}
		}
		switch {
		case n > 1:
			return f.fail("the answer has %d of text, hex, echo and error; take one", []any{n}, a)
		case a.Delay < 0:
			return f.fail("delay is negative; give a duration such as 2s", nil, &a.Delay)
		}
	}
	return nil
}

// script gives the answers of one endpoint of one device.
type script struct {
	answers []Answer
	device  *simdevice.Device // set before it starts

	mu    sync.Mutex
	count int
}

// answer is a protocomm.Handler.
func (s *script) answer(_ protocomm.SessionID, req []byte) ([]byte, error) {
	s.mu.Lock()
	a := s.answers[min(s.count, len(s.answers)-1)]
	s.count++
	s.mu.Unlock()
	if boot := s.device.Boot(); a.Delay > 0 && boot != nil {
		over := make(chan struct{})
		boot.Config.Clock.AfterFunc(a.Delay, func() { close(over) }) // a power cut ends it at once
		<-over
	}
	switch {
	case a.Error != "":
		return nil, errors.New(a.Error)
	case a.Echo:
		return append([]byte(nil), req...), nil
	case a.Hex != nil:
		return a.Hex, nil
	}
	return []byte(a.Text), nil
}
