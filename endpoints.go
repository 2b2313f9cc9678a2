// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/protover"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
)

// Handler answers the requests of one endpoint of the application. See
// protocomm.Handler.
type Handler = protocomm.Handler

// DisableAutoStop keeps the service up after success until StopProvisioning, and
// sets the cleanup delay: how long clients are still answered after a stop began.
// Values below 100 ms act as 100 ms. Both hold until Deinit.
//
// Errors: ErrInvalidState unless initialised and idle.
func (m *Manager) DisableAutoStop(cleanup time.Duration) error {
	return m.whileIdle("DisableAutoStop", ErrInvalidState, func(in *instance) error {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.state.AutoStop = false
		in.cleanup = cleanup
		return nil
	})
}

// KeepBLEOn says whether the BLE stack stays up when the service has ended, for an
// application that uses BLE itself. It holds until Deinit.
//
// Errors: ErrInvalidState unless initialised and idle; ErrNotSupported for a
// scheme without BLE; or what the scheme reports.
func (m *Manager) KeepBLEOn(keep bool) error {
	const op = "KeepBLEOn"
	return m.whileIdle(op, ErrInvalidState, func(in *instance) error {
		keeper, ok := in.svc.(scheme.BLEKeeper)
		if !ok {
			return fail(op, ErrNotSupported, "the scheme has no BLE to keep on", nil)
		}
		if err := keeper.KeepBLEOn(keep); err != nil {
			return fail(op, nil, "the scheme refused", err)
		}
		return nil
	})
}

// SetAppInfo adds a member to the text of proto-ver, by which clients recognise
// the application's own protocol. A label given before is replaced.
//
// Errors: ErrInvalidArg for an empty label or the label "prov";
// ErrInvalidState unless initialised and idle.
func (m *Manager) SetAppInfo(label, version string, capabilities []string) error {
	const op = "SetAppInfo"
	if label == "" || label == "prov" {
		return fail(op, ErrInvalidArg, "the label must not be empty or \"prov\", which is the service's own", nil)
	}
	app := protover.App{Label: label, Version: version, Capabilities: append([]string(nil), capabilities...)}
	return m.whileIdle(op, ErrInvalidState, func(in *instance) error {
		for i := range in.apps {
			if in.apps[i].Label == label {
				in.apps[i] = app
				return nil
			}
		}
		in.apps = append(in.apps, app)
		return nil
	})
}

// CreateEndpoint reserves an endpoint of the application before the service
// starts. The ids, which matter on BLE only, follow the order
// of the calls. Once the service is up, RegisterEndpoint gives it a handler.
//
// Errors: ErrInvalidState when not initialised; ErrFail unless idle, and for
// a name that exists; ErrInvalidArg for an empty name; or what the scheme
// reports.
func (m *Manager) CreateEndpoint(name string) error {
	const op = "CreateEndpoint"
	return m.whileIdle(op, ErrFail, func(in *instance) error {
		if name == "" {
			return fail(op, ErrInvalidArg, "the name is empty", nil)
		}
		for _, e := range builtIn {
			if e.name == name {
				return fail(op, ErrFail, name+" is an endpoint of the service; choose another name", nil)
			}
		}
		for _, other := range in.created {
			if other == name {
				return fail(op, ErrFail, name+" was created before", nil)
			}
		}
		id := uint16(firstCustomID + len(in.created))
		if err := in.svc.SetEndpoint(name, id); err != nil {
			return fail(op, nil, "the scheme refused the endpoint "+name, err)
		}
		in.created = append(in.created, name)
		return nil
	})
}

// whileIdle runs fn as a job if the service is idle.
func (m *Manager) whileIdle(op string, kind error, fn func(in *instance) error) error {
	return m.withInstance(op, func(in *instance) error {
		if phase := in.snapshot().Phase; phase != fsm.Idle {
			return fail(op, kind, "the service is "+phase.String()+"; call it between Init and StartProvisioning", nil)
		}
		return fn(in)
	})
}

// RegisterEndpoint gives an endpoint its handler while the service runs,
// usually at EventStart. HTTP and console carry names that
// were not created as well.
//
// Errors: ErrInvalidState when not initialised; ErrFail when the service is
// not running or the name has a handler; ErrInvalidArg for an empty name or a
// nil handler; or what the transport reports.
func (m *Manager) RegisterEndpoint(name string, h Handler) error {
	const op = "RegisterEndpoint"
	return m.withInstance(op, func(in *instance) error {
		if !in.snapshot().Running() {
			return fail(op, ErrFail, "the service is "+in.snapshot().Phase.String()+"; register at EventStart or later", nil)
		}
		if err := in.pc.AddEndpoint(name, h); err != nil {
			return fail(op, nil, "", err)
		}
		return nil
	})
}

// UnregisterEndpoint removes an endpoint, even one of the service's own. A request
// under way is still answered. For an unknown name, or when the service is not
// running, it does nothing.
func (m *Manager) UnregisterEndpoint(name string) {
	m.do(func() {
		if in := m.instance(); in != nil && in.snapshot().Running() {
			_ = in.pc.RemoveEndpoint(name) // an unknown name is nothing to do
		}
	})
}
