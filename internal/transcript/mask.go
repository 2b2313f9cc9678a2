// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"slices"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/pbtext"
)

// Names of endpoints.
const (
	endpointVersion = "proto-ver"
	endpointSession = "prov-session"
	endpointConfig  = "prov-config"
	endpointStatus  = "prov-status"
)

// masker takes the secrets out of exchanges. It follows the conversation, because what
// is a secret on the wire depends on the security.
type masker struct {
	counting bool // the device announced sec_patch_ver 1
	security int  // of the last handshake
	fixed    bool // that session has security 2 with one nonce
}

// mask replaces secrets in the request of x, by as many marks.
//
// Without encryption these are the bytes that pbtext hides. Encrypted requests are no
// secret without keys, with one exception: under sec_patch_ver 0 security 2 encrypts all
// messages of a session with one nonce, that is with one key stream. Whoever guesses
// one message of a session, such as a list of networks, reads the others as far as that
// one goes. Requests with credentials are masked as a whole there.
func (m *masker) mask(x *Exchange) {
	switch {
	case x.Endpoint == endpointVersion:
		m.counting = deviceVersion(x.Answer).SecPatchVersion == 1
		return
	case x.Endpoint == endpointSession:
		if s := stepOf(x.Request); s != nil {
			m.security, m.fixed = s.security, s.security == 2 && !m.counting
		}
		return
	case m.security == 0:
		x.Masked = pbtext.Secrets(x.Endpoint, pbtext.Request, x.Request)
	case m.fixed && x.Endpoint == endpointConfig:
		x.Masked = [][2]int{{0, len(x.Request)}}
	}
	if x.Masked == nil {
		return
	}
	x.Request = slices.Clone(x.Request)
	for _, r := range x.Masked {
		copy(x.Request[r[0]:r[0]+r[1]], bytes.Repeat([]byte{mask}, r[1]))
	}
}

// step is a message of a handshake.
type step struct {
	security int
	number   int // Command0 and Response0: 0; Command1 and Response1: 1
}

// stepOf returns which message of a handshake a request is; nil: none.
func stepOf(request []byte) *step {
	var m pb.SessionData
	if m.Unmarshal(request) != nil {
		return nil
	}
	switch m.WhichProto {
	case pb.SessionDataSec0:
		return &step{security: 0}
	case pb.SessionDataSec1:
		return &step{1, int(m.Sec1.Msg) / 2}
	case pb.SessionDataSec2:
		return &step{2, int(m.Sec2.Msg) / 2}
	}
	return nil
}
