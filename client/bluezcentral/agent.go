// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// agentPath is where a link has its agent, on its own connection to the bus.
const agentPath = dbus.ObjectPath("/wifiprov/agent")

// maxCalls is how many calls of the agent wait to be answered.
const maxCalls = 16

// receive takes a message from the bus.
func (l *link) receive(m bluezbus.Message) {
	if !m.Call {
		l.signals.put(m)
		return
	}
	select {
	case l.calls <- m:
	default: // bluetoothd asks one question at a time
	}
}

// registerAgent registers the agent that bluetoothd asks when a device wants an
// encrypted link. Without any agent bluetoothd does not encrypt the link. The default
// agent stays the same. The registration ends with the connection to the bus.
func (l *link) registerAgent(ctx context.Context) error {
	go func() {
		for {
			select {
			case m := <-l.calls:
				l.answer(m)
			case <-l.bus.Done():
				return
			}
		}
	}()
	return l.bus.Do(ctx, bluezbus.Root, bluezbus.AgentManager+".RegisterAgent", agentPath, "NoInputNoOutput")
}

// answer is the agent, which has neither input nor output. It allows bluetoothd to pair
// by Just Works with the device of this link, and refuses everything else.
func (l *link) answer(m bluezbus.Message) {
	switch {
	case m.Sender != l.bus.Owner || m.Interface != bluezbus.Agent || m.Path != agentPath:
		l.bus.ReplyUnknown(m)
	case m.Member == "Cancel" || m.Member == "Release":
		l.bus.Reply(m)
	case m.Member == "RequestAuthorization" && len(m.Body) == 1 && m.Body[0] == l.path:
		l.bus.Reply(m)
	default:
		l.bus.ReplyError(m, bluezbus.Name+".Error.Rejected", "not this device, and nobody to ask")
	}
}

// pair pairs with the device. bluetoothd asks the agent of the program that calls Pair,
// even if another one is the default agent.
func (l *link) pair(ctx context.Context) error {
	err := l.bus.Do(ctx, l.path, bluezbus.Device+".Pair")
	if bluezbus.Is(err, "AlreadyExists") {
		return nil // bluetoothd was faster
	}
	return err
}
