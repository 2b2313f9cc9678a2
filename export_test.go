// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// ShowAttemptFailed makes the present instance's state that of a failed attempt
// after which left more follow. The state machine itself always has one left
// then.
func (m *Manager) ShowAttemptFailed(left int) {
	in := m.instance()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.state.Station = StationAttemptFailed
	in.state.Attempts = uint16(left)
}

// ConfigHandler is the handler of prov-config of the present instance, for
// calls that a transport makes too late.
func (m *Manager) ConfigHandler() func(protocomm.SessionID, []byte) ([]byte, error) {
	in := m.instance()
	return func(id protocomm.SessionID, req []byte) ([]byte, error) { return in.handleConfig(nil, id, req) }
}

// Act makes the present instance carry out one action, for a caller that reports
// nothing to the state machine.
func (m *Manager) Act(a fsm.Action) {
	c := call{done: fsm.StationUp, sec: sec0.New(), name: "PROV_TEST", station: hal.StationConfig{SSID: "MyNetwork"}}
	m.do(func() { m.instance().act(a, &c) })
	if a == fsm.EmitEnd {
		m.begin() // or the real end would be the second
	}
}
