// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/protocomm"
)

// DefaultIdleTimeout is the Config.IdleTimeout of a zero Config.
const DefaultIdleTimeout = time.Minute

// maxSilences times Config.IdleTimeout is how long a client may be connected without an
// established session, whatever it asks.
const maxSilences = 5

// watch ends the connection of a client that does not use it: one that has no
// established session and has asked nothing for Config.IdleTimeout (silence), or has had
// no session for maxSilences times that (limit). A client that is being answered is left
// alone; a client that pairs is left alone until the limit. service.mu guards it.
type watch struct {
	silence hal.Timer
	limit   hal.Timer
	armed   uint32 // counts how often silence was armed, since stopping it may come too late
	asked   bool   // the client asked something since silence was armed
	served  bool   // something other than the version was answered
	late    bool   // limit has passed while a request was being handled
}

// watchOn begins to watch a connection. mu is held.
func (c *client) watchOn() {
	c.watch = watch{}
	if c.v.server.cfg.IdleTimeout > 0 {
		c.armSilence()
		c.armLimit()
	}
}

// watchOff ends it. mu is held.
func (c *client) watchOff() {
	if c.watch.silence != nil {
		c.watch.silence.Stop()
		c.watch.limit.Stop()
	}
}

// armSilence counts the time of silence from now on. mu is held.
func (c *client) armSilence() {
	w, cfg := &c.watch, &c.v.server.cfg
	if w.silence != nil {
		w.silence.Stop()
	}
	w.armed++
	w.asked = false
	armed, conn := w.armed, c.conn
	w.silence = cfg.Clock.AfterFunc(cfg.IdleTimeout, func() { c.v.silent(conn, armed) })
}

// armLimit counts the time without a session from now on. mu is held.
func (c *client) armLimit() {
	cfg, conn := &c.v.server.cfg, c.conn
	c.watch.limit = cfg.Clock.AfterFunc(maxSilences*cfg.IdleTimeout, func() { c.v.overdue(conn) })
}

// hasSession reports whether a client has an established session. Under a security
// without handshakes it has one when something was answered. mu is not held.
func (v *service) hasSession(peer *protocomm.Peer, served bool) bool {
	if v.pc.Opens(protocomm.KindRequest) {
		return served
	}
	return peer.Established()
}

// silent ends a connection on which nothing was asked for too long. In any case the time
// begins anew: an established session may be closed later, and the stack may fail to end
// the connection.
func (v *service) silent(conn ble.Conn, armed uint32) {
	v.mu.Lock()
	c := v.find(conn)
	if c == nil || c.watch.armed != armed {
		v.mu.Unlock()
		return
	}
	peer, used, served := c.peer, c.busy || c.watch.asked, c.watch.served
	c.armSilence()
	v.mu.Unlock()
	if used || v.hasSession(peer, served) {
		return
	}
	if p, able := v.server.stack.(ble.PairingReporter); able && p.Pairing(conn) {
		return
	}
	v.hangUp(conn, "it asked nothing")
}

// overdue ends a connection that has been without a session for too long.
func (v *service) overdue(conn ble.Conn) {
	v.mu.Lock()
	c := v.find(conn)
	if c == nil {
		v.mu.Unlock()
		return
	}
	if c.busy {
		c.watch.late = true // answered decides
		v.mu.Unlock()
		return
	}
	peer, served := c.peer, c.watch.served
	c.armLimit()
	v.mu.Unlock()
	if !v.hasSession(peer, served) {
		v.hangUp(conn, "it established no session")
	}
}

// answered notes that c's request on an endpoint has been answered. mu is not held.
func (c *client) answered(conn ble.Conn, name string, ok bool) {
	v, w := c.v, &c.watch
	if v.server.cfg.IdleTimeout <= 0 {
		return
	}
	kind, _ := v.pc.Kind(name)
	v.mu.Lock()
	if v.find(conn) == c {
		w.served = w.served || ok && kind != protocomm.KindVersion
	}
	peer, served := c.peer, w.served
	v.mu.Unlock()
	has := v.hasSession(peer, served)
	v.mu.Lock()
	if v.find(conn) != c {
		v.mu.Unlock()
		return
	}
	late := w.late
	if w.late = false; late {
		c.armLimit()
	}
	if !has {
		c.armSilence()
	}
	v.mu.Unlock()
	if late && !has {
		v.hangUp(conn, "it established no session")
	}
}

// hangUp ends a connection. mu is not held.
func (v *service) hangUp(conn ble.Conn, why string) {
	cfg := &v.server.cfg
	cfg.Logger.Log(hal.LevelInfo, "a BLE client is disconnected, so that others can connect", hal.Attr{Key: "why", Value: why})
	if err := v.server.stack.Disconnect(conn, ble.ReasonRemoteUser); err != nil {
		cfg.Logger.Log(hal.LevelWarn, "a BLE client was not disconnected", hal.Err(err))
	}
}
