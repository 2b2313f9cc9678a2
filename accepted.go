// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"slices"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

// maxAccepted bounds the list for a transport that never closes its sessions.
const maxAccepted = 16

// accepted keeps what each session's SetConfig left for its ApplyConfig, oldest
// first. Its methods are called from any goroutine.
type accepted struct {
	mu   sync.Mutex
	list []acceptedConfig
}

type acceptedConfig struct {
	session protocomm.SessionID
	station hal.StationConfig
}

// put keeps a configuration in place of the session's earlier one (Q-E15). The
// oldest one goes when there are too many.
func (a *accepted) put(session protocomm.SessionID, station hal.StationConfig) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(session)
	if len(a.list) == maxAccepted {
		a.list = slices.Delete(a.list, 0, 1)
	}
	a.list = append(a.list, acceptedConfig{session, station})
}

// take removes and returns what a session set.
func (a *accepted) take(session protocomm.SessionID) (hal.StationConfig, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.remove(session)
}

func (a *accepted) remove(session protocomm.SessionID) (station hal.StationConfig, found bool) {
	for i, c := range a.list {
		if c.session == session {
			a.list = slices.Delete(a.list, i, i+1)
			return c.station, true
		}
	}
	return hal.StationConfig{}, false
}

func (a *accepted) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = nil
}
