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

// receive takes what comes from the bus.
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

// registerAgent has bluetoothd ask this link when a device wants an encrypted link,
// which it asks nobody about, and gives up on, where no agent is. Another agent that
// is the default one stays so. The registration ends with the connection.
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

// answer is an agent that has neither input nor output: it lets bluetoothd pair by
// Just Works with the device of this link, and agrees to nothing else.
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

// pair pairs with the device, which bluetoothd does for the one who asks with his
// agent, even if another is the default one.
func (l *link) pair(ctx context.Context) error {
	err := l.bus.Do(ctx, l.path, bluezbus.Device+".Pair")
	if bluezbus.Is(err, "AlreadyExists") {
		return nil // bluetoothd was faster
	}
	return err
}
