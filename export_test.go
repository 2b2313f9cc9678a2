package wifiprov

import "github.com/wifiprov/wifiprov/protocomm"

// ConfigHandler is the handler of prov-config of the present instance, for
// calls that a transport makes too late.
func (m *Manager) ConfigHandler() func(protocomm.SessionID, []byte) ([]byte, error) {
	return m.instance().handleConfig
}
