// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/pbtext"
	"github.com/wifiprov/wifiprov/internal/quote"
)

// requests say what a request asks for, by its field msg.
var requests = map[string]string{
	"CMD_SET_CONFIG":          "credentials",
	"CMD_APPLY_CONFIG":        "apply the credentials",
	"CMD_GET_STATUS":          "ask how it goes",
	"CMD_SCAN_START":          "scan for networks",
	"CMD_SCAN_STATUS":         "ask for the scan",
	"CMD_SCAN_RESULT":         "ask for networks",
	"CMD_CTRL_RESET":          "forget the failure",
	"CMD_CTRL_REPROV":         "accept new credentials",
	"CMD_SET_THREAD_CONFIG":   "credentials of a Thread network",
	"CMD_APPLY_THREAD_CONFIG": "apply the credentials",
	"CMD_GET_THREAD_STATUS":   "ask how it goes",
	"CMD_SCAN_THREAD_START":   "scan for Thread networks",
	"CMD_SCAN_THREAD_STATUS":  "ask for the scan",
	"CMD_SCAN_THREAD_RESULT":  "ask for networks",
	"CMD_CTRL_THREAD_RESET":   "forget the failure",
	"CMD_CTRL_THREAD_REPROV":  "accept new credentials",
}

// means says in words what an exchange is.
func (x *Explained) means(st *step) string {
	asked, came := "", x.outcome()
	switch {
	case x.Handshake:
		asked = handshakeWords(st)
		switch {
		case x.Open:
			came = "the session is open"
		case st.number == 1 && came == "yes":
			came = "the client refuses the device's proof"
		}
		if x.WrongKeys {
			came += "; the keys are not those of this session"
		}
	case x.Endpoint == endpointVersion:
		asked = "ask for version and capabilities"
	case x.Request.Locked:
		asked = "encrypted"
	case x.Endpoint == endpointStatus:
		asked = "ask for details"
	case !strings.HasPrefix(x.Endpoint, "prov-"):
		asked = "the application's own endpoint"
	default:
		asked = requests[text(x.Request.Message, "msg")]
		if ssid := text(x.Request.Message, "ssid"); ssid != "" {
			asked += " for " + ssid
		}
	}
	if asked == "" || came == "" {
		return asked + came
	}
	return asked + ": " + came
}

func handshakeWords(st *step) string {
	switch {
	case st.security == 0:
		return "security 0, the only step"
	case st.number == 0:
		return fmt.Sprintf("security %d, step 1 of 2, public keys", st.security)
	}
	return fmt.Sprintf("security %d, step 2 of 2, proofs", st.security)
}

// outcome says in words what came of a request. Where the answer is one that a client
// explains, these are the client's words.
func (x *Explained) outcome() string {
	m := x.Answer.Message
	switch {
	case x.Exchange.Answer == nil:
		return "no answer: " + Printable(x.Error)
	case x.Answer.Locked:
		return ""
	case x.Endpoint == endpointVersion:
		return deviceVersion(x.Exchange.Answer).String()
	case text(m, "msg") == "RESP_GET_STATUS":
		return ask(x.Endpoint, x.Answer.Plain, func(ctx context.Context, c *client.Client) (fmt.Stringer, error) { return c.Status(ctx) })
	case x.Endpoint == endpointStatus:
		return ask(x.Endpoint, x.Answer.Plain, func(ctx context.Context, c *client.Client) (fmt.Stringer, error) { return c.Details(ctx) })
	case text(m, "msg") == "RESP_SCAN_RESULT" && text(m, "status") == "SUCCESS":
		return counted(count(m, "entries"), "network")
	case text(m, "scan_finished") == "true":
		return counted(value(m, "result_count"), "network")
	case text(m, "scan_finished") == "false":
		return "not finished"
	}
	switch status := text(m, "status"); status {
	case "":
		return ""
	case "SUCCESS":
		return "yes"
	default:
		return "no, " + status
	}
}

// counted returns a number with a noun. A missing number is 0.
func counted(n any, what string) string {
	switch n := fmt.Sprint(cmp.Or(n, any(0))); n {
	case "1":
		return n + " " + what
	default:
		return n + " " + what + "s"
	}
}

// value returns the first field of a name, in m or the messages in it; nil: none.
func value(m pbtext.Message, name string) any {
	for _, f := range m {
		if f.Name == name {
			return f.Value
		}
	}
	for _, f := range m {
		if sub, is := f.Value.(pbtext.Message); is {
			if v := value(sub, name); v != nil {
				return v
			}
		}
	}
	return nil
}

// text is value as text.
func text(m pbtext.Message, name string) string {
	if v := value(m, name); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// count returns how many fields of a name there are.
func count(m pbtext.Message, name string) (n int) {
	for _, f := range m {
		if f.Name == name {
			n++
		}
		if sub, is := f.Value.(pbtext.Message); is {
			n += count(sub, name)
		}
	}
	return n
}

// Printable returns s so that it can be shown on a terminal.
func Printable(s string) string {
	q := quote.Text(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(q[1 : len(q)-1])
}

// compact returns JSON on one line, and anything else as it is.
func compact(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, bytes.TrimRight(b, "\x00")) != nil {
		return b
	}
	return out.Bytes()
}

// canned is a device without security that has one answer for each endpoint.
type canned map[string][]byte

// Do implements client.Transport.
func (c canned) Do(_ context.Context, endpoint string, _ []byte) ([]byte, error) {
	return c[endpoint], nil
}

// Close implements client.Transport.
func (canned) Close() error { return nil }

// ask lets a client read the answer of an endpoint and say what it is.
func ask(endpoint string, answer []byte, f func(context.Context, *client.Client) (fmt.Stringer, error)) string {
	m := pb.SessionData{WhichProto: pb.SessionDataSec0}
	m.Sec0.Msg, m.Sec0.WhichPayload = pb.Sec0MsgTypeResponse, pb.Sec0PayloadSr
	device := canned{
		endpointSession: m.AppendTo(nil),
		endpointVersion: []byte(`{"prov":{"cap":["` + client.CapStatus + `"]}}`),
		endpoint:        answer,
	}
	c, err := client.New(device, client.Config{Security: client.Security0})
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	ctx := context.Background()
	if err := c.Connect(ctx); err != nil {
		return err.Error()
	}
	said, err := f(ctx, c)
	var e *client.Error
	switch {
	case err == nil:
		return said.String()
	case errors.As(err, &e):
		return e.Err.Error()
	}
	return err.Error()
}

// deviceVersion reads an answer of proto-ver.
func deviceVersion(answer []byte) *client.Version {
	c, err := client.New(canned{endpointVersion: answer}, client.Config{})
	if err != nil {
		return &client.Version{}
	}
	defer c.Close()
	v, err := c.Version(context.Background())
	if err != nil {
		return &client.Version{}
	}
	return v
}
