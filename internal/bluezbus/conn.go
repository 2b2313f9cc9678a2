// SPDX-License-Identifier: Apache-2.0

package bluezbus

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Interfaces of the bus and of everything on it.
const (
	busName        = "org.freedesktop.DBus"
	busPath        = dbus.ObjectPath("/org/freedesktop/DBus")
	Peer           = busName + ".Peer"
	Properties     = busName + ".Properties"
	ObjectManager  = busName + ".ObjectManager"
	errUnknownCall = busName + ".Error.UnknownMethod"
)

// Message is a signal or a method call that came in.
type Message struct {
	Call      bool // else a signal
	Sender    string
	Path      dbus.ObjectPath
	Interface string
	Member    string
	Body      []any

	serial uint32
	silent bool // no answer is wanted
}

// Conn is a private connection to a message bus. Its methods may be called from
// any goroutine.
type Conn struct {
	c *dbus.Conn
}

// Dial connects to the bus at address; empty: the system bus. receive gets signals
// and method calls in the order of their arrival, in the goroutine that reads the
// socket. It must return at once, and may still be called shortly after Close. Each
// method call has to be answered by Reply or ReplyError.
func Dial(ctx context.Context, address string, receive func(Message)) (*Conn, error) {
	own, cancel := context.WithCancel(context.Background())
	opts := []dbus.ConnOption{
		dbus.WithContext(own),
		dbus.WithHandler(nobody{}),
		dbus.WithIncomingInterceptor(func(m *dbus.Message) { incoming(m, receive) }),
	}
	// The handshake takes no context; closing the connection ends it.
	stop := context.AfterFunc(ctx, cancel)
	var c *dbus.Conn
	var err error
	if address == "" {
		c, err = dbus.ConnectSystemBus(opts...)
	} else {
		c, err = dbus.Connect(address, opts...)
	}
	if !stop() && err == nil {
		c.Close()
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &Conn{c}, nil
}

// incoming passes on signals and calls. godbus would handle each call in a goroutine
// of its own, which loses the order; incoming leaves it nothing to do.
func incoming(m *dbus.Message, receive func(Message)) {
	if m.Type != dbus.TypeSignal && m.Type != dbus.TypeMethodCall {
		return
	}
	in := Message{
		Call: m.Type == dbus.TypeMethodCall, Body: m.Body,
		serial: m.Serial(), silent: m.Flags&dbus.FlagNoReplyExpected != 0,
	}
	in.Sender, _ = m.Headers[dbus.FieldSender].Value().(string)
	in.Path, _ = m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	in.Interface, _ = m.Headers[dbus.FieldInterface].Value().(string)
	in.Member, _ = m.Headers[dbus.FieldMember].Value().(string)
	if in.Interface == Peer {
		return // godbus answers
	}
	if in.Call {
		m.Flags |= dbus.FlagNoReplyExpected
	}
	receive(in)
}

// nobody takes every call and does not answer.
type nobody struct{}

func (nobody) LookupObject(dbus.ObjectPath) (dbus.ServerObject, bool) { return nobody{}, true }
func (nobody) LookupInterface(string) (dbus.Interface, bool)          { return nobody{}, true }
func (nobody) LookupMethod(string) (dbus.Method, bool)                { return nobody{}, true }
func (nobody) Call(...any) ([]any, error)                             { return nil, nil }
func (nobody) NumArguments() int                                      { return 0 }
func (nobody) NumReturns() int                                        { return 0 }
func (nobody) ArgumentValue(int) any                                  { return nil }
func (nobody) ReturnValue(int) any                                    { return nil }
func (nobody) DecodeArguments(*dbus.Conn, string, *dbus.Message, []any) ([]any, error) {
	return nil, nil
}

// Call calls a method, "interface.member", and returns the answer's body. An
// error that the other side gave is a *Error.
func (c *Conn) Call(ctx context.Context, dest string, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	call := c.c.Object(dest, path).CallWithContext(ctx, method, 0, args...)
	if call.Err != nil {
		return nil, callError(ctx, method, call.Err)
	}
	return call.Body, nil
}

// Match asks the bus for the signals that a rule describes.
func (c *Conn) Match(ctx context.Context, rule string) error {
	_, err := c.Call(ctx, busName, busPath, busName+".AddMatch", rule)
	return err
}

// Reply answers a call.
func (c *Conn) Reply(m Message, body ...any) {
	var signature dbus.Signature
	if len(body) > 0 {
		signature = dbus.SignatureOf(body...)
	}
	c.ReplyAs(m, signature, body...)
}

// ReplyAs is Reply with a signature that is encoded like the body's: an array of pairs
// is encoded like a dictionary, but has an order.
func (c *Conn) ReplyAs(m Message, signature dbus.Signature, body ...any) {
	c.answer(m, dbus.TypeMethodReply, signature, body, nil)
}

// ReplyError answers a call with an error.
func (c *Conn) ReplyError(m Message, name, text string) {
	c.answer(m, dbus.TypeError, dbus.SignatureOf(text), []any{text}, map[dbus.HeaderField]dbus.Variant{
		dbus.FieldErrorName: dbus.MakeVariant(name),
	})
}

// ReplyUnknown answers a call of an unknown method or object.
func (c *Conn) ReplyUnknown(m Message) {
	c.ReplyError(m, errUnknownCall, "Method \""+m.Member+"\" on interface \""+m.Interface+"\" doesn't exist")
}

func (c *Conn) answer(m Message, typ dbus.Type, signature dbus.Signature, body []any, headers map[dbus.HeaderField]dbus.Variant) {
	if m.silent {
		return
	}
	if headers == nil {
		headers = map[dbus.HeaderField]dbus.Variant{}
	}
	headers[dbus.FieldDestination] = dbus.MakeVariant(m.Sender)
	headers[dbus.FieldReplySerial] = dbus.MakeVariant(m.serial)
	if len(body) > 0 {
		headers[dbus.FieldSignature] = dbus.MakeVariant(signature)
	}
	// A lost connection is noticed elsewhere.
	c.c.Send(&dbus.Message{Type: typ, Headers: headers, Body: body}, nil)
}

// Emit sends a signal, "interface.member".
func (c *Conn) Emit(path dbus.ObjectPath, name string, body ...any) error {
	return c.c.Emit(path, name, body...)
}

// Name returns the connection's own name on the bus.
func (c *Conn) Name() string { return c.c.Names()[0] }

// RequestName makes this connection the owner of a well-known name.
func (c *Conn) RequestName(name string) error {
	_, err := c.c.RequestName(name, dbus.NameFlagDoNotQueue)
	return err
}

// Done is closed when the connection is lost or closed.
func (c *Conn) Done() <-chan struct{} { return c.c.Context().Done() }

// Close ends the connection, and with it everything that was registered over it.
func (c *Conn) Close() { _ = c.c.Close() }
