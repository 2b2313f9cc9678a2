// SPDX-License-Identifier: Apache-2.0

package protocomm

import "strings"

// Kind says how an endpoint treats bodies.
type Kind uint8

// Kinds of endpoints.
const (
	KindRequest  Kind = iota + 1 // decrypted and encrypted as the security scheme says
	KindSecurity                 // the handshake; passed as it is
	KindVersion                  // a fixed text; the request's body is ignored
)

// String returns the name without the type.
func (k Kind) String() string {
	switch k {
	case KindRequest:
		return "Request"
	case KindSecurity:
		return "Security"
	case KindVersion:
		return "Version"
	}
	return "unknown"
}

// Hooks tell a transport of endpoints that come and go while it runs. Either
// may be nil. They may call the instance; the endpoint they are about is not
// served while they run.
type Hooks struct {
	// AddEndpoint is called before the endpoint is served. After an error
	// the endpoint is not added, and the caller that adds it gets that error.
	AddEndpoint func(name string, kind Kind) error

	// RemoveEndpoint is called when the endpoint is no longer served, but not
	// for the endpoints that Close drops.
	RemoveEndpoint func(name string)
}

// endpoint is a row of the table.
type endpoint struct {
	name    string
	kind    Kind
	ready   bool // false: reserved while a hook runs, and not served
	handler Handler
	appends AppendHandler // instead of handler
	text    string        // KindVersion
	sec     Security      // KindSecurity
	needs   bool          // KindSecurity: sec.NeedsSession()
	strict  bool          // KindSecurity: it is Malleable
}

// AddEndpoint adds a request endpoint. The name may be any non-empty byte
// string and is compared bytewise.
//
// Errors: ErrInvalidArg for an empty name or a nil handler, ErrFail for
// a name in use, ErrInvalidState after Close, or the transport's.
func (p *Protocomm) AddEndpoint(name string, h Handler) error {
	const op = "add endpoint"
	if err := checkName(op, name); err != nil {
		return err
	}
	if h == nil {
		return fail(op, name, ErrInvalidArg, "the handler is nil", nil)
	}
	if wrap := p.cfg.Middleware; wrap != nil {
		return p.add(op, &endpoint{name: name, kind: KindRequest, appends: wrap(name, h.append)})
	}
	return p.add(op, &endpoint{name: name, kind: KindRequest, handler: h})
}

// AddAppendEndpoint is AddEndpoint with an AppendHandler.
func (p *Protocomm) AddAppendEndpoint(name string, h AppendHandler) error {
	const op = "add endpoint"
	if err := checkName(op, name); err != nil {
		return err
	}
	if h == nil {
		return fail(op, name, ErrInvalidArg, "the handler is nil", nil)
	}
	if wrap := p.cfg.Middleware; wrap != nil {
		h = wrap(name, h)
	}
	return p.add(op, &endpoint{name: name, kind: KindRequest, appends: h})
}

// RemoveEndpoint removes an endpoint. Requests that are being handled run to their end.
// For the security or the version endpoint it is the same as UnsetSecurity
// or UnsetVersion.
//
// Errors: ErrInvalidArg for an empty name, ErrNotFound for an unknown one.
func (p *Protocomm) RemoveEndpoint(name string) error {
	return p.remove("remove endpoint", name, 0)
}

// SetSecurity adds the security endpoint, on which peers shake hands, and
// protects all request endpoints with s. Sessions that were opened without a
// security are closed.
//
// Errors: ErrInvalidArg for an empty name or a nil security,
// ErrInvalidState when a security is set already or after Close, ErrFail for
// a name in use, or the transport's. After an error nothing is set.
func (p *Protocomm) SetSecurity(name string, s Security) error {
	const op = "set security on"
	if err := checkName(op, name); err != nil {
		return err
	}
	if s == nil {
		return fail(op, name, ErrInvalidArg, "the security is nil; use sec0 for none", nil)
	}
	m, is := s.(Malleable)
	return p.add(op, &endpoint{
		name: name, kind: KindSecurity, sec: s, needs: s.NeedsSession(), strict: is && m.Malleable(),
	})
}

// UnsetSecurity removes the security endpoint and closes all sessions.
// Requests pass unprotected from then on, as with the C original: stop the
// transport or remove the request endpoints before.
//
// Errors: ErrInvalidArg for an empty name, ErrNotFound when there is no
// security endpoint of that name.
func (p *Protocomm) UnsetSecurity(name string) error {
	return p.remove("unset security on", name, KindSecurity)
}

// SetVersion adds the version endpoint, which answers every request with text,
// with or without a session.
//
// Errors: ErrInvalidArg for an empty name or text, ErrInvalidState when
// a version is set already or after Close, ErrFail for a name in use, or the
// transport's. After an error nothing is set.
func (p *Protocomm) SetVersion(name, text string) error {
	const op = "set version on"
	if err := checkName(op, name); err != nil {
		return err
	}
	if text == "" {
		return fail(op, name, ErrInvalidArg, "the version text is empty", nil)
	}
	return p.add(op, &endpoint{name: name, kind: KindVersion, text: strings.Clone(text)})
}

// UnsetVersion removes the version endpoint.
//
// Errors: ErrInvalidArg for an empty name, ErrNotFound when there is no
// version endpoint of that name.
func (p *Protocomm) UnsetVersion(name string) error {
	return p.remove("unset version on", name, KindVersion)
}

// Security returns the security in use; false when none is set.
func (p *Protocomm) Security() (Security, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.security == nil {
		return nil, false
	}
	return p.security.sec, true
}

// Kind returns the kind of the endpoint that Handle would find under name;
// false when there is none.
func (p *Protocomm) Kind(name string) (Kind, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ep := p.find(name); ep != nil {
		return ep.kind, true
	}
	return 0, false
}

// Endpoints returns the names of the endpoints that are served, in the order
// of their adding.
func (p *Protocomm) Endpoints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	names := make([]string, 0, len(p.endpoints))
	for _, ep := range p.endpoints {
		if ep.ready {
			names = append(names, ep.name)
		}
	}
	return names
}

// SetTransport installs a running transport's hooks; Hooks{} takes them back.
// They are not called for endpoints that exist already: a transport that
// starts sets its hooks and then reads Endpoints.
func (p *Protocomm) SetTransport(h Hooks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.hooks = h
	}
}

// checkName refuses the empty name.
func checkName(op, name string) error {
	if name == "" {
		return fail(op, `""`, ErrInvalidArg, "the endpoint's name is empty", nil)
	}
	return nil
}

// find returns the endpoint that serves name, or nil. mu is held.
func (p *Protocomm) find(name string) *endpoint {
	for _, ep := range p.endpoints {
		if ep.ready && ep.name == name {
			return ep
		}
	}
	return nil
}

// add reserves the endpoint's name, asks the transport, and puts the endpoint
// into service.
func (p *Protocomm) add(op string, ep *endpoint) error {
	ep.name = strings.Clone(ep.name)
	p.mu.Lock()
	if err := p.mayAdd(op, ep); err != nil {
		p.mu.Unlock()
		return err
	}
	p.endpoints = append(p.endpoints, ep)
	hooks := p.hooks
	p.mu.Unlock()

	if hooks.AddEndpoint != nil {
		if err := hooks.AddEndpoint(ep.name, ep.kind); err != nil {
			p.mu.Lock()
			p.drop(ep)
			p.mu.Unlock()
			return fail(op, ep.name, nil, "the transport refused it", err)
		}
	}

	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		if hooks.RemoveEndpoint != nil {
			hooks.RemoveEndpoint(ep.name)
		}
		return fail(op, ep.name, ErrInvalidState, "the instance was closed meanwhile", nil)
	}
	ep.ready = true
	var gone []*session
	if ep.kind == KindSecurity {
		p.security = ep
		gone = p.detachAll()
	}
	p.mu.Unlock()
	p.finish(gone)
	return nil
}

// mayAdd tells why ep cannot be added. mu is held.
func (p *Protocomm) mayAdd(op string, ep *endpoint) error {
	if p.closed {
		return fail(op, ep.name, ErrInvalidState, "the instance is closed; make a new one", nil)
	}
	if ep.kind != KindRequest {
		for _, other := range p.endpoints {
			if other.kind == ep.kind {
				return fail(op, ep.name, ErrInvalidState, "already set on "+other.name+"; unset it first", nil)
			}
		}
	}
	for _, other := range p.endpoints {
		if other.name == ep.name {
			return fail(op, ep.name, ErrFail, "an endpoint of that name exists", nil)
		}
	}
	return nil
}

// remove takes the endpoint name out of service, tells the transport, and
// frees the name. kind 0 means any.
func (p *Protocomm) remove(op, name string, kind Kind) error {
	if err := checkName(op, name); err != nil {
		return err
	}
	p.mu.Lock()
	ep := p.find(name)
	if ep == nil || kind != 0 && ep.kind != kind {
		p.mu.Unlock()
		return fail(op, name, ErrNotFound, "no such endpoint", nil)
	}
	ep.ready = false
	var gone []*session
	if ep.kind == KindSecurity {
		p.security = nil
		gone = p.detachAll()
	}
	hooks := p.hooks
	p.mu.Unlock()

	p.finish(gone)
	if hooks.RemoveEndpoint != nil {
		hooks.RemoveEndpoint(ep.name)
	}
	p.mu.Lock()
	p.drop(ep)
	p.mu.Unlock()
	return nil
}

// drop takes ep out of the table. mu is held.
func (p *Protocomm) drop(ep *endpoint) {
	for i, other := range p.endpoints {
		if other == ep {
			copy(p.endpoints[i:], p.endpoints[i+1:])
			p.endpoints[len(p.endpoints)-1] = nil
			p.endpoints = p.endpoints[:len(p.endpoints)-1]
			return
		}
	}
}

// fail returns an error about an endpoint.
//
//go:noinline
func fail(op, name string, kind error, why string, cause error) error {
	return Fail("protocomm: "+op+" "+name, kind, why, cause)
}
