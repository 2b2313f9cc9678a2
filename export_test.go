package wifiprov

import (
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/protocomm"
)

// ShowAttemptFailed makes the present instance's state that of a failed attempt
// after which left more follow. The state machine itself always has one left
// then.
func (m *Manager) ShowAttemptFailed(left int) {
	in := m.instance()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.state.Station = fsm.AttemptFailed
	in.state.Attempts = uint16(left)
}

// ConfigHandler is the handler of prov-config of the present instance, for
// calls that a transport makes too late.
func (m *Manager) ConfigHandler() func(protocomm.SessionID, []byte) ([]byte, error) {
	in := m.instance()
	return func(id protocomm.SessionID, req []byte) ([]byte, error) { return in.handleConfig(nil, id, req) }
}
